"""Only `archc/ops` and the backends' rules know an op by its class or by its name.

Everything else reads the op's traits, so that a new op is one file and one rule in each backend. The exceptions are
listed here, each with the reason that forces it.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from archc.ops import ops

ROOT = Path(__file__).parents[1]
BACKENDS = [*ROOT.glob("backends/*/archc_*")]
# The examples of findings are specs, which use ops.
FREE = {ROOT / "archc" / "ops", ROOT / "archc" / "diagnostics" / "codes", *(b / "rules" for b in BACKENDS)}
FILES = sorted(
    file
    for folder in (ROOT / "archc", *BACKENDS)
    for file in folder.rglob("*.py")
    if not {file, file.parent} & FREE and "snippets" not in file.parts
)
EXCEPTIONS = {
    # A network around one layer needs a layer that makes vectors, and one to branch from.
    "archc/conformance/cases.py": "flatten relu",
    # The heads of the examples set defaults of these ops.
    "archc/example.py": "conv1d conv2d dense",
    # The spec that `archc init` writes.
    "archc/console/starter.py": "conv2d dense flatten global_avg_pool max_pool2d relu softmax",
    # The message on a layer that is not a mapping shows the simplest layer.
    "archc/language/lowering.py": "relu",
    # The advice on normalisation is the paper's, which names its ReLU.
    "archc/passes/advice/normalisation.py": "relu",
    # Its examples of changes are shown where a change is not one, and `add` may be meant as a verb.
    "archc/language/variants/words.py": "add relu tanh",
    # It counts what windows read, in positions or in pixels.
    "archc/passes/advice/windows.py": "positions",
    # It counts the classes of positions, if each has one.
    "archc/report/evaluation.py": "positions",
    # They read JSON Schemas, of which `maximum` is a word.
    "archc/conformance/field_values.py": "maximum",
    "archc/language/field_table.py": "maximum",
    # Their helps name the layer to add or to change.
    "archc/passes/advice/linearity.py": "relu",
    "archc/passes/advice/probabilities.py": "relu",
    "archc/passes/unexpected_shape.py": "flatten",
    "archc/pictures/dataset.py": "dense",
    "archc/run/setup.py": "dense flatten softmax",
    # `crop` is also a field of a recipe's data.
    "archc/analysis.py": "crop",
    "archc/language/mistakes/validation.py": "crop",
    "archc/language/recipe.py": "crop",
    # So is `scale`, and other frameworks call that `normalize`.
    "archc/language/data_recipe.py": "crop normalize scale",
    "archc/language/recipe_words.py": "crop scale",
    "archc/passes/picture_numbers.py": "scale",
    # An argument of an initialiser is called `scale`, and the gain of He's is PyTorch's for a `nonlinearity`.
    "backends/archc-torch/archc_torch/initialisers.py": "relu scale",
    # A variable of Keras's RMS normalisation is called `scale`.
    "backends/archc-keras/archc_keras/weights.py": "scale",
    # They list files of snippets, of which some are called as the op that they belong to; a Keras model whose loss
    # applies a function calls Keras's function of that name in `predict`.
    "backends/archc-keras/archc_keras/emission.py": (
        "attention batch_norm class_token leaky_relu lrn normalize positions scale select slice upsample"
    ),
    "backends/archc-torch/archc_torch/emission.py": (
        "attention class_token gru lrn lstm normalize positions scale stochastic_depth"
    ),
}
"""By file, the ops that it must name."""

CLASSES = {op.__name__: name for name, op in ops().items()}
MODULES = {op.__module__: name for name, op in ops().items()}
NAMES = "|".join(ops())
WRITTEN = re.compile(rf"`({NAMES})`|\bop: ?({NAMES})\b|\{{({NAMES}):")


def names_in(tree: ast.Module) -> set[str]:
    """The ops that a module names: by import, as a string of its own, in backticks, or as `op: NAME`."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                found |= {MODULES[alias.name] for alias in names if alias.name in MODULES}
            case ast.ImportFrom(module, names):
                paths = {str(module), *(f"{module}.{alias.name}" for alias in names)}
                found |= {MODULES[path] for path in paths & MODULES.keys()}
            case ast.Constant(str(text)) if id(node) not in docstrings:
                found |= {text} & ops().keys()
                found |= {CLASSES[name] for name in {text} & CLASSES.keys()}
                found |= {name for names in WRITTEN.findall(text) for name in names if name}
            case _:
                pass
    return found


def test_no_other_file_names_an_op() -> None:
    found = {str(file.relative_to(ROOT)): names_in(ast.parse(file.read_text(encoding="utf-8"))) for file in FILES}
    assert {file: " ".join(sorted(names)) for file, names in found.items() if names} == EXCEPTIONS


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("from archc.ops.relu import Relu", {"relu"}),
        ("from archc.ops import relu", {"relu"}),
        ("import archc.ops.conv2d as c", {"conv2d"}),
        ("def f():\n    from archc.ops.lrn import Lrn", {"lrn"}),
        ("node.op.op == 'dropout'", {"dropout"}),
        ("type(op).__name__ == 'Dropout'", {"dropout"}),
        ("f'add `relu` after {name}'", {"relu"}),
        ("help = 'add a layer `{op: dense}`'", {"dense"}),
        ("help = '{op:dense, units: 10}'", {"dense"}),
        ("defaults = '{conv2d: {bias: false}}'", {"conv2d"}),
        ("{'relu': 1, 'tanh': 2}", {"relu", "tanh"}),
        ("'''A module on `relu`.'''\ndef f():\n    '''`tanh`'''", set[str]()),
        ("from archc.ops.op import Op\nmessage = 'the relu is fine'", set[str]()),
    ],
)
def test_the_search_finds_each_way_to_name_one(source: str, names: set[str]) -> None:
    assert names_in(ast.parse(source)) == names
