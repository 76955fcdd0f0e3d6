"""Only `archc/ops` and the backends' rules know an op by its class or by its name.

Everything else reads the op's traits, so that a new op is one file and one rule in each backend. The exceptions are
listed here, each with the reason that forces it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from archc.ops import ops

ROOT = Path(__file__).parents[1]
FILES = sorted(
    file
    for folder in (ROOT / "archc", *(ROOT / "backends").glob("*/archc_*"))
    for file in folder.rglob("*.py")
    if file.parent != ROOT / "archc" / "ops" and file.name != "rules.py" and "snippets" not in file.parts
)
REASONS = {
    "archc/diagnostics/codes/advice.py": "examples of findings are specs, which use ops",
    "archc/diagnostics/codes/backends.py": "examples of findings are specs, which use ops",
    "archc/diagnostics/codes/expectations.py": "examples of findings are specs, which use ops",
    "archc/diagnostics/codes/fields.py": "examples of findings are specs, which use ops",
    "archc/diagnostics/codes/placement.py": "examples of findings are specs, which use ops",
    "archc/diagnostics/codes/shapes.py": "examples of findings are specs, which use ops",
    "archc/diagnostics/codes/text.py": "examples of findings are specs, which use ops",
    "archc/example.py": "the head of those examples sets defaults of ops",
    "archc/conformance/cases.py": "a network around one layer needs a layer that makes vectors and one that branches",
    "archc/language/lowering.py": "the message on a layer that is not a mapping shows the simplest layer",
    "archc/passes/unexpected_shape.py": "its help names the layer to add",
    "archc/passes/advice/normalisation.py": "the advice on normalisation is the paper's, which names its ReLU",
    "archc/passes/advice/probabilities.py": "its help names the layer to use instead",
    "archc/pictures/dataset.py": "its help names the layer whose units are too few",
    "archc/run/setup.py": "its help names the layer to end the network with",
    "backends/archc-keras/archc_keras/emission.py": "it lists snippet files, two of which have the name of an op",
    "backends/archc-torch/archc_torch/emission.py": "it lists snippet files, one of which has the name of an op",
}
"""By file, why it must name an op."""


def names_in(file: Path) -> Iterator[tuple[int, str]]:
    """Each op that a file names, with its line: by import, as a string of its own, in backticks, or as `op: NAME`."""
    classes = {op.__module__ for op in map(ops().__getitem__, ops())}
    names = "|".join(ops())
    written = re.compile(rf"\A(?:{names})\Z|`(?:{names})`|\bop: (?:{names})\b|\{{(?:{names}):")
    tree = ast.parse(file.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in classes:
            yield node.lineno, node.module
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in docstrings:
            continue
        if found := written.search(node.value):
            yield node.lineno, found[0]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_other_file_names_an_op(file: Path) -> None:
    named = list(names_in(file))
    if str(file.relative_to(ROOT)) in REASONS:
        assert named, "it names no op any more: delete its reason"
    else:
        assert not named


def test_the_search_finds_what_it_looks_for() -> None:
    assert list(names_in(ROOT / "archc" / "passes" / "unexpected_shape.py"))
    rules = ROOT / "backends" / "archc-torch" / "archc_torch" / "rules.py"
    assert {name for _, name in names_in(rules)} >= {"archc.ops.conv2d", "archc.ops.relu"}
