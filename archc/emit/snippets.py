"""Loads snippets: definitions that emitted source contains verbatim, kept as modules that are tested as such."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from importlib.resources import files

from archc.emit.syntax import Import, Snippet


@dataclass(frozen=True)
class LoadedSnippet:
    """A snippet's definitions, the imports that they need, and the names that they take from other snippets."""

    imports: tuple[Import, ...]
    snippet: Snippet
    needs: tuple[str, ...] = ()


def load(package: str, name: str) -> LoadedSnippet:
    """The module `name` of a package, split into its imports and its definitions, without importing it."""
    text = files(package).joinpath(f"{name}.py").read_text(encoding="utf-8")
    imports: list[Import] = []
    needs: list[str] = []
    for statement in ast.parse(text).body:
        match statement:
            case ast.Import():
                imports += [Import(alias.name) for alias in statement.names]
            case ast.ImportFrom() if statement.module and statement.module.startswith(f"{package}."):
                needs += [alias.name for alias in statement.names]
            case ast.ImportFrom() if statement.module:
                imports.append(Import(statement.module, tuple(alias.name for alias in statement.names)))
            case ast.Expr(value=ast.Constant()):
                continue
            case _:
                snippet = Snippet(_from_line(text, _first_line(statement)))
                return LoadedSnippet(tuple(imports), snippet, tuple(needs))
    raise AssertionError(f"{package}.{name} defines nothing")


def names_in(package: str) -> frozenset[str]:
    """All names that the snippets of a package define or import: the file may use them for nothing else."""
    found: set[str] = set()
    for file in files(package).iterdir():
        if file.name.endswith(".py"):
            for statement in ast.parse(file.read_text(encoding="utf-8")).body:
                match statement:
                    case ast.Import() | ast.ImportFrom():
                        found |= {alias.asname or alias.name for alias in statement.names}
                    case ast.ClassDef() | ast.FunctionDef():
                        found.add(statement.name)
                    case _:
                        pass
    return frozenset(found)


def _first_line(statement: ast.stmt) -> int:
    # A decorated statement's own line number is that of its `def` or `class`.
    decorators = getattr(statement, "decorator_list", [])
    return min(statement.lineno, *(decorator.lineno for decorator in decorators), statement.lineno)


def _from_line(text: str, line: int) -> str:
    return "\n".join(text.split("\n")[line - 1 :])
