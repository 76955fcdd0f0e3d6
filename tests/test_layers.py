"""The house: imports go down only, frameworks stay in the backends, files are short and named for what they hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# From the ground up: each room, and the rooms that it may import. None imports one that stands below it here.
ROOMS = {
    "source": "",
    "output": "",
    "vocabulary": "",
    "example": "",
    "concepts": "",
    "graph": "source",
    "diagnostics": "source output example",
    "ops": "graph example",
    "yaml_reader": "source diagnostics",
    "comments": "source yaml_reader",
    "silences": "source diagnostics yaml_reader comments",
    "validation": "source vocabulary diagnostics yaml_reader",
    "spec": "source diagnostics ops yaml_reader validation",
    "layout": "source diagnostics ops yaml_reader comments validation spec",
    "wiring": "source vocabulary diagnostics yaml_reader spec",
    "lower": "source vocabulary graph diagnostics ops yaml_reader validation spec wiring",
    "reference": "graph ops",
    "passes": "source vocabulary graph diagnostics ops yaml_reader spec",
    "analysis": "graph diagnostics yaml_reader spec lower passes silences",
    "fixing": "diagnostics analysis",
    "backend": "vocabulary graph diagnostics spec passes",
    "emit": "graph ops spec passes backend",
    "figure": "graph diagnostics ops passes emit",
    "packaged": "",
    "streams": "",
    "conformance": "graph ops layout reference analysis packaged backend",
    "schema": "ops spec",
    "field_table": "ops",
    "explanation": "diagnostics ops analysis backend field_table",
    "difference": "graph ops passes analysis field_table",
    "training": "spec streams",
    "pictures": "spec training",
    "report": "output graph diagnostics spec passes analysis backend field_table explanation concepts difference",
    "commands": "vocabulary diagnostics yaml_reader spec passes layout analysis fixing "
    "emit figure packaged backend explanation concepts difference schema streams training report",
    "archc_torch": "graph ops spec passes emit backend streams training pictures",
    "archc_keras": "graph ops spec passes emit backend training pictures",
}

FRAMEWORKS = {"torch", "tensorflow", "keras", "jax"}
HEAVY = {"numpy", "PIL", "safetensors"}
LONGEST_FILE = 400
LONGEST_FUNCTION = 50
GENERIC = {"base", "common", "core", "helper", "helpers", "lib", "manager", "misc", "util", "utils"}


def _modules() -> dict[str, Path]:
    """Every module of the distributions, by its name."""
    found: dict[str, Path] = {}
    for project in (ROOT, *sorted((ROOT / "backends").iterdir())):
        for package in sorted(project.glob("archc*/")):
            for file in sorted(package.rglob("*.py")):
                name = ".".join(file.relative_to(project).with_suffix("").parts)
                found[name.removesuffix(".__init__")] = file
    return found


MODULES = _modules()
each_module = pytest.mark.parametrize("module", MODULES)


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def _statements(tree: ast.AST, *, in_functions: bool) -> Iterator[ast.AST]:
    """All that runs, or all that runs when the module is imported: nothing that is there for a type checker only."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and not in_functions:
            continue
        yield node
        yield from _statements(node, in_functions=in_functions)


def imports(module: str, *, in_functions: bool = True) -> set[str]:
    """The modules that a module imports, by their full names."""
    found: set[str] = set()
    for node in _statements(_tree(module), in_functions=in_functions):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            assert node.module
            inside = {f"{node.module}.{alias.name}" for alias in node.names} & set(MODULES)
            found |= inside or {node.module}
    return found


def room(module: str) -> str:
    """`archc.ops.relu` -> `ops`; a backend is one room."""
    first, *rest = module.split(".")
    return rest[0] if first == "archc" and rest else first


def test_there_is_a_house() -> None:
    assert {"archc.spec", "archc.ops.relu", "archc_torch.rules", "archc_keras.train"} <= set(MODULES)
    assert imports("archc.commands.check") >= {"archc.analysis", "archc.report.network"}
    assert "archc.report.network" not in imports("archc.commands.check", in_functions=False)
    assert "archc.ops.op" not in imports("archc.graph")


def test_the_table_goes_down_only() -> None:
    below: set[str] = set()
    for name, allowed in ROOMS.items():
        assert set(allowed.split()) <= below, name
        if not name.startswith("archc_"):
            below.add(name)


@each_module
def test_imports_go_down_only(module: str) -> None:
    used = {
        room(other) for other in imports(module) if other.partition(".")[0] in ("archc", "archc_torch", "archc_keras")
    }
    if module == "archc":
        assert not used
        return
    assert room(module) in ROOMS, f"{module} is in no room of the table"
    assert used <= {room(module), *ROOMS[room(module)].split()}


def test_no_module_needs_itself_to_be_imported() -> None:
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path, module))
        if module in done:
            return
        for other in sorted(imports(module, in_functions=False) & set(MODULES)):
            visit(other, (*path, module))
        done.add(module)

    for module in MODULES:
        visit(module, ())
    assert done == set(MODULES)


@pytest.mark.parametrize("module", [name for name in MODULES if name.partition(".")[0] == "archc"])
def test_archc_holds_no_framework(module: str) -> None:
    assert not {name.partition(".")[0] for name in imports(module)} & FRAMEWORKS
    at_import = {name.partition(".")[0] for name in imports(module, in_functions=False)}
    assert not at_import & HEAVY or room(module) in ("pictures", "training")


@each_module
def test_files_and_functions_stay_short(module: str) -> None:
    assert len(MODULES[module].read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.body[0].lineno < LONGEST_FUNCTION, f"{node.name} is too long"


@each_module
def test_names_say_what_a_file_holds(module: str) -> None:
    assert not set(module.split(".")) & GENERIC
    if module.rpartition(".")[2] != "snippets":
        assert ast.get_docstring(_tree(module)), "no docstring"


@pytest.mark.parametrize("backend", ["archc_torch", "archc_keras"])
def test_what_a_backend_emits_with_imports_no_framework(backend: str) -> None:
    """All that `emit` reaches, also from within functions; a snippet is read as text."""
    seen: set[str] = set()
    waiting = [f"{backend}.emission"]
    while waiting:
        module = waiting.pop()
        seen.add(module)
        assert not {name.partition(".")[0] for name in imports(module)} & FRAMEWORKS, module
        assert not {name.partition(".")[0] for name in imports(module, in_functions=False)} & HEAVY, module
        waiting += [name for name in imports(module) if name in MODULES and name not in seen]
    assert f"{backend}.rules" in seen
    assert not {name.partition(".")[0] for name in imports(backend)} & (FRAMEWORKS | HEAVY)
