"""Snippets: definitions that emitted source needs whole, kept as real modules that are tested like any other."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from importlib.resources import files

from archc.emit.syntax import Import, Snippet


@dataclass(frozen=True)
class LoadedSnippet:
    imports: tuple[Import, ...]
    snippet: Snippet


def load(package: str, name: str) -> LoadedSnippet:
    """The module `name` of a package, split into its imports and its definitions. Nothing of it is run."""
    text = files(package).joinpath(f"{name}.py").read_text(encoding="utf-8")
    imports: list[Import] = []
    for statement in ast.parse(text).body:
        match statement:
            case ast.Import():
                imports += [Import(alias.name) for alias in statement.names]
            case ast.ImportFrom() if statement.module:
                imports.append(Import(statement.module, tuple(alias.name for alias in statement.names)))
            case ast.Expr(value=ast.Constant()):
                continue
            case _:
                return LoadedSnippet(tuple(imports), Snippet(_from_line(text, _first_line(statement))))
    raise AssertionError(f"{package}.{name} defines nothing")


def _first_line(statement: ast.stmt) -> int:
    decorators = getattr(statement, "decorator_list", [])
    return min(statement.lineno, *(decorator.lineno for decorator in decorators), statement.lineno)


def _from_line(text: str, line: int) -> str:
    return "\n".join(text.split("\n")[line - 1 :])
