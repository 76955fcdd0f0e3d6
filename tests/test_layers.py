"""Imports go down only, frameworks stay in the backends, files are short and named for what they hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# From the ground up: each package (or module of archc itself), and those that it may import. None imports one that is
# listed after it.
PACKAGES = {
    "wording": "",
    "source": "",
    "tensor": "",
    "example": "",
    "files": "",
    "signals": "",
    "failure": "wording",
    "installing": "files",
    "streams": "failure",
    "entry_points": "failure",
    "ops": "wording tensor example failure entry_points",
    "graph": "wording source tensor ops",
    "outline": "wording graph",
    "diagnostics": "wording source example",
    "language": "wording source tensor failure ops graph diagnostics",
    "passes": "wording source tensor ops graph diagnostics language",
    "analysis": "graph diagnostics language passes",
    "fixing": "diagnostics analysis",
    "formatting": "diagnostics language analysis",
    "expanding": "diagnostics language passes analysis",
    "backend": "failure installing entry_points graph diagnostics language passes",
    "emit": "tensor failure entry_points ops passes graph language backend",
    "conformance": "tensor ops graph language analysis backend",
    "difference": "ops graph outline language analysis",
    "figure": "wording tensor ops graph outline passes emit",
    "explain": "wording failure ops diagnostics language analysis backend",
    "training": "wording files signals failure installing streams ops language",
    "pictures": "wording files failure language training",
    "arrays": "wording failure language training pictures",
    "dataset": "training pictures arrays",
    "inference": "signals failure streams ops language training pictures arrays",
    "history": "failure training",
    "study": "wording failure files language training history",
    "report": "wording tensor failure ops graph outline diagnostics language passes analysis backend difference "
    "explain inference history study",
    "run": "wording tensor files signals failure installing language passes analysis backend training pictures arrays "
    "inference",
    "console": "wording files failure installing diagnostics language passes analysis expanding backend emit "
    "difference report training run",
    "commands": "wording files signals failure installing streams entry_points ops diagnostics language passes "
    "analysis outline fixing formatting expanding backend emit difference figure explain history report console "
    "training inference run study",
    "__main__": "commands",
    "archc_torch": "source tensor files signals wording failure installing streams ops graph language passes backend "
    "emit training pictures dataset inference",
    "archc_keras": "tensor signals failure ops graph language backend emit training pictures dataset inference",
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


def _statements(tree: ast.AST, *, in_functions: bool, types: bool) -> Iterator[ast.AST]:
    """Every statement; without `in_functions` those that run on import; with `types` also those for type checkers."""
    for node in ast.iter_child_nodes(tree):
        checked = isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        if checked and not types:
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and not in_functions:
            continue
        yield node
        yield from _statements(node, in_functions=in_functions, types=types)


def imports(module: str, *, in_functions: bool = True, types: bool = False) -> set[str]:
    """The modules that a module imports, by their full names."""
    found: set[str] = set()
    for node in _statements(_tree(module), in_functions=in_functions, types=types):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            assert node.module
            inside = {f"{node.module}.{alias.name}" for alias in node.names} & set(MODULES)
            found |= inside or {node.module}
    return found


def package(module: str) -> str:
    """`archc.ops.relu` -> `ops`; a backend is one package."""
    first, *rest = module.split(".")
    return rest[0] if first == "archc" and rest else first


def test_the_packages_are_found() -> None:
    assert {"archc.language.spec", "archc.ops.relu", "archc_torch.rules", "archc_keras.train"} <= set(MODULES)
    assert imports("archc.commands.check") >= {"archc.analysis", "archc.report.network"}
    assert "archc.report.network" not in imports("archc.commands.check", in_functions=False)
    assert "archc.ops.op" not in imports("archc.tensor")


def test_the_table_goes_down_only() -> None:
    below: set[str] = set()
    for name, allowed in PACKAGES.items():
        assert set(allowed.split()) <= below, name
        if not name.startswith("archc_"):
            below.add(name)


@each_module
def test_imports_go_down_only(module: str) -> None:
    found = imports(module, types=True)
    used = {package(other) for other in found if other.partition(".")[0] in ("archc", "archc_torch", "archc_keras")}
    if module == "archc":
        assert not used
        return
    assert package(module) in PACKAGES, f"{module} is not in the table"
    assert used <= {package(module), *PACKAGES[package(module)].split()}


@pytest.mark.parametrize("name", PACKAGES)
def test_the_table_allows_no_import_that_is_not_needed(name: str) -> None:
    used = {package(other) for module in MODULES if package(module) == name for other in imports(module, types=True)}
    assert set(PACKAGES[name].split()) == used & PACKAGES.keys() - {name}


def test_there_is_no_circle_of_imports() -> None:
    """Not within a package either, and none that only a type checker sees, or that runs later in a function."""
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path, module))
        if module in done:
            return
        for other in sorted(imports(module, types=True) & set(MODULES)):
            visit(other, (*path, module))
        done.add(module)

    for module in MODULES:
        visit(module, ())
    assert done == set(MODULES)


@pytest.mark.parametrize("module", [name for name in MODULES if name.partition(".")[0] == "archc"])
def test_archc_holds_no_framework(module: str) -> None:
    assert not {name.partition(".")[0] for name in imports(module)} & FRAMEWORKS
    at_import = {name.partition(".")[0] for name in imports(module, in_functions=False)}
    assert not at_import & HEAVY or package(module) in ("pictures", "arrays", "training", "inference")


def test_only_the_language_reads_a_spec_s_text() -> None:
    """After lowering, everything reads the graph. The console only needs to know how many bytes to read."""
    readers = {name for name in MODULES if "archc.language.reader" in imports(name, types=True)}
    assert {name for name in readers if package(name) != "language"} == {
        "archc.console.spec_files",
        "archc.console.specs",
    }


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
