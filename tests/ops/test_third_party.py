"""An op of somebody else: a distribution brings it and its rules, and all of archc knows it without a change."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from archc.analysis import analyse
from archc.backend import load
from archc.conformance import op_checks
from archc.example import HEAD
from archc.failure import Failure
from archc.language.mistakes.vocabulary import _foreign, certain, nearest  # pyright: ignore[reportPrivateUsage]
from archc.language.schema import json_schema
from archc.ops import ops
from archc.ops.declaration import fault

PROJECT = Path(__file__).parent / "archc-clamp"
NUMPY = Path(__file__).parents[1] / "backends" / "numpy" / "archc-numpy"
ARCHC = "from archc.commands import main; main()"
SPEC = """\
schema: archc/v1
name: clamped
input: {image: [3, 8, 8]}
defaults: {dense: {weight_init: {he_normal: {}}}}
layers:
  clamp1: {op: clamp, limit: 6}
  flat: {op: flatten}
  fc: {op: dense, units: 10}
  clamp2: {op: clamp, limit: 2}
parallel: {devices: 2, strategy: columns}
"""

Archc = Callable[..., Any]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def run(site_of: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run archc where the op and the NumPy backend are installed, in a folder with the spec."""
    site, folder = site_of(PROJECT, NUMPY), tmp_path_factory.mktemp("here")
    (folder / "clamped.yaml").write_text(SPEC)
    (folder / "relu.yaml").write_text(SPEC.replace("clamp, limit: 6", "relu"))

    def run(*arguments: str, text: str | None = None, code: str = ARCHC) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(site)}
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(
            command, cwd=folder, env=environment, input=text, capture_output=True, text=True, check=False
        )

    return run


def test_check_counts_and_places_it(run: Run) -> None:
    done = run("check", "clamped.yaml", "--output-format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    (spec,) = json.loads(done.stdout)["specs"]
    assert spec["findings"] == []
    first, *_, last = spec["network"]["layers"]
    assert (first["op"], first["window"], first["output"], first["element_ops"]) == ("clamp", "limit 6", [3, 8, 8], 384)
    assert (last["output"], last["parameters"]) == ([10], 0)
    # A batch of 128: each clamp keeps its input; the dense layer keeps its own, which flattening copied.
    assert spec["network"]["training_memory"]["activations"] == 128 * 4 * (5 + 192)


def test_a_wrong_field_is_a_finding_at_its_place(run: Run) -> None:
    done = run("check", "-", text=SPEC.replace("limit: 6", "max_val: 6").replace("limit: 2", "limit: 0"))
    assert done.returncode == 1
    assert "<stdin>:6:23: error[ARC101]: unknown field `max_val` in clamp1" in done.stdout
    assert "help: did you mean `limit`?" in done.stdout
    assert "<stdin>:9:30: error[ARC105]: `limit` is `0`: it must be more than 0" in done.stdout


@pytest.mark.parametrize("word", ["clmap", "Hardtanh", "clip"])
def test_did_you_mean_knows_it(run: Run, word: str) -> None:
    done = run("check", "-", "--fix", text=SPEC.replace("op: clamp, limit: 6", f"op: {word}, limit: 6"))
    assert (done.returncode, done.stdout) == (0, SPEC)
    assert f"unknown op `{word}`" in done.stderr


def test_schema_explain_and_the_concept_pages_know_it(run: Run) -> None:
    schema = json.loads(run("schema").stdout)
    assert schema["definitions"]["clamp"]["properties"]["limit"]["description"] == "Largest magnitude of an output."
    page = run("explain", "clamp").stdout
    assert page.startswith("clamp: min(max(x, -limit), limit), each value by itself")
    assert "`limit` is `0`: it must be more than 0" in page
    assert "    clamp" in run("explain", "macs").stdout
    assert "clamp, " in run("explain", "memory").stdout
    assert "\nclamp " in run("explain").stdout


def test_plan_graph_and_diff_know_it(run: Run) -> None:
    plan = json.loads(run("plan", "clamped.yaml", "--output-format", "json").stdout)
    layers = {layer["layer"]: layer for option in plan["options"] for layer in option["cost"]["layers"]}
    assert layers["clamp2"]["of"] == 10
    assert 'label="clamp1\\nclamp limit 6' in run("graph", "clamped.yaml", "--format", "dot", "-o", "-").stdout
    assert "clamp limit 6" in run("graph", "clamped.yaml", "-o", "-").stdout
    assert "op relu → clamp" in run("diff", "relu.yaml", "clamped.yaml").stdout


def test_fmt_knows_its_fields(run: Run) -> None:
    done = run("fmt", "-", text=SPEC.replace("{op: clamp, limit: 6}", "{limit: 6, op: clamp}"))
    assert done.returncode == 0, done.stderr
    assert "  clamp1: {op: clamp, limit: 6}\n" in done.stdout


@pytest.mark.parametrize(
    ("backend", "line"),
    [("torch", "self.clamp1 = nn.Hardtanh(-6, 6)"), ("numpy", "clamp1 = numpy.clip(image, -6, 6)  # 3 x 8 x 8")],
)
def test_its_rules_write_it(run: Run, backend: str, line: str) -> None:
    done = run("build", "clamped.yaml", "--backend", backend, "-o", "-")
    assert done.returncode == 0, done.stderr
    assert line.removeprefix("self.clamp1 = ") in done.stdout


def test_a_rule_may_refuse_and_a_missing_rule_does(run: Run, site_of: Callable[..., Path]) -> None:
    done = run("build", "clamped.yaml", "--backend", "keras", "-o", "-")
    assert done.returncode == 1
    needs = "clamp1 needs a limit of 6, which the Keras backend does not support"
    assert f"clamped.yaml:6:16: error[ARC501]: {needs}" in done.stderr
    without = "import archc.emit.rules as r; r.installed = lambda group: {};" + ARCHC
    done = run("build", "clamped.yaml", "--backend", "torch", "-o", "-", code=without)
    assert "clamp1 needs `clamp`, which the PyTorch backend does not support" in done.stderr


def test_what_it_emits_is_what_it_means(run: Run) -> None:
    """The conformance kit makes networks from the op's class; the NumPy backend's source is held to its meaning."""
    script = """
import sys
sys.path.append(sys.argv[1])
from test_conformance import compute
from archc.conformance import checks, op_checks
found = [check for check in checks("numpy", compute) if check.name.startswith("clamp_")]
found += op_checks("clamp")
assert not any(check() for check in found)
print(len(found))
"""
    done = run(str(NUMPY / "tests"), code=script)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 10


def test_without_the_distribution_it_is_an_unknown_op() -> None:
    assert "clamp" not in ops()
    with pytest.raises(KeyError):
        ops()["clamp"]


@pytest.fixture
def fresh_ops() -> Iterator[None]:
    """Ops looked up again, and again afterwards."""
    ops.cache_clear()
    yield
    ops.cache_clear()


@pytest.fixture
def fresh_words() -> Iterator[None]:
    """The words of other frameworks, collected again, and again afterwards."""
    _foreign.cache_clear()
    yield
    _foreign.cache_clear()


OP = """
from typing import Any, Literal
from pydantic import Field, field_validator
from archc.ops.activation import Activation
from archc.ops.shape_error import ShapeError
from archc.tensor import Tensor
class Mine(Activation, frozen=True):
    'x, each value by itself'
    failing = corrected = "layers: {}"
    op: Literal["mine"]
    def value(self, x): return x
"""
BROKEN = {
    "mine:Exits": "raise SystemExit(3)\n",
    "mine:Other": "class Other(Mine, frozen=True):\n    'x'\n    op: Literal['other']\n",
    "mine:Abstract": "class Abstract(Activation, frozen=True):\n    'x'\n    op: Literal['mine']\n",
    "mine:Silent": "class Silent(Mine, frozen=True):\n    'x'\n    failing = corrected = None\n",
    "mine:Undocumented": "class Undocumented(Mine, frozen=True):\n    pass\n",
    "mine:Word": "class Word(Mine, frozen=True):\n    'x'\n    other_names = 'my'\n",
    "mine:Reading": "class Reading(Mine, frozen=True):\n    'x'\n    source: int = Field(1, alias='from')\n",
    "mine:Mystery": "class Mystery(Mine, frozen=True):\n    'x'\n    size: int = 1\n",
    "mine:Fails": "class Fails(Mine, frozen=True):\n    'x'\n    def infer(self, inputs): return 1 // 0\n",
    "mine:Unheard": "class Unheard(Exception):\n    def __str__(self): raise ValueError\nraise Unheard\n",
    "mine:Names": "class Names(Mine, frozen=True):\n    'x'\n    other_names = (5,)\n",
    "mine:Needed": "class Needed(Mine, frozen=True):\n    'x'\n    needless = {'dim': 'its input is a vector'}\n",
    "mine:Valued": "class Valued(Mine, frozen=True):\n    'x'\n    other_values = {'size': 'valid'}\n",
    "mine:Turned": "class Turned(Mine, frozen=True):\n    'x'\n    conversions = (len,)\n",
    "mine:Excluding": "class Excluding(Mine, frozen=True):\n    'x'\n    excluded = {'my': 'mode: other'}\n",
    "mine:Both": "class Both(Mine, frozen=True):\n    'x'\n    reads_before = 'my'\n",
    "mine:Arity": "class Arity(Mine, frozen=True):\n    'x'\n    arity = (3, 1)\n",
    "mine:Sign": "class Sign(Mine, frozen=True):\n    'x'\n    output_sign = 'positive'\n",
    "mine:Listed": "class Listed(Mine, frozen=True):\n    'x'\n    size: list[int] = Field([], description='x')\n",
    "mine:Anything": "class Anything(Mine, frozen=True):\n    'x'\n    size: Any = Field(1, description='x')\n",
    "mine:Pairs": "class Pairs(Mine, frozen=True):\n    'x'\n    size: tuple[int, int] = Field(description='x')\n",
    "mine:Forward": "class Forward(Mine, frozen=True):\n    'x'\n    size: 'Missing' = Field(description='x')\n",
    "mine:Factory": "class Factory(Mine, frozen=True):\n    'x'\n"
    "    size: int = Field(default_factory=int, description='x')\n",
    "mine:Open": "class Open(Mine, frozen=True, extra='allow'):\n    'x'\n",
    "mine:Given": "class Given(Mine, frozen=True):\n    'x'\n    op: Literal['mine'] = 'mine'\n",
    "mine:Lines": "class Lines(Mine, frozen=True):\n    'x'\n    kept_words = 'a\\nb'\n",
    "mine:Advice": "class Advice(Mine, frozen=True):\n    'x'\n"
    "    def infer(self, inputs): raise ShapeError('op', 'ARC901', 'no')\n",
    "mine:Elsewhere": "class Elsewhere(Mine, frozen=True):\n    'x'\n"
    "    def infer(self, inputs): raise ShapeError('op', 'ARC201', 'it is {1}')\n",
    "mine:Leaves": "class Leaves(Mine, frozen=True):\n    'x'\n    def infer(self, inputs): raise SystemExit(0)\n",
    "mine:Ends": "class Ends(Mine, frozen=True):\n    'x'\n    def infer(self, inputs): raise BaseException('x')\n",
    "mine:Tagged": "class Tagged(Mine, frozen=True):\n    'x'\n    tag: str | None = Field(None, description='x')\n"
    "    size_: int = Field(2, alias='size', description='x')\n"
    "    def summary(self): return self.tag or ''\n"
    "    @field_validator('size_')\n    def even(cls, value):\n"
    "        if value % 2: raise ValueError('must be even')\n        return value\n",
    "mine:Counted": "class Counted(Mine, frozen=True):\n    'x'\n"
    "    def element_ops(self, inputs, output): return None\n",
    "mine:Pair": "class Pair(Mine, frozen=True):\n    'x'\n    arity = (2, 3)\n"
    "    order: Literal[1, 2] = Field(1, description='x')\n",
    "mine:Zero": "class Zero(Mine, frozen=True):\n    'x'\n    def infer(self, inputs): return Tensor((0, 3))\n",
}


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ([("archc-a", "mine:Mine"), ("archc-b", "mine:Mine")], "archc-a and archc-b both provide the op `mine`"),
        ([("archc-a", "mine:Missing")], "the op `mine` of archc-a cannot be imported: AttributeError"),
        ([("archc-a", "mine:Literal")], "the op `mine` of archc-a is not a subclass of Op"),
        (
            [("archc-a", "mine:Needed")],
            "the op `mine` of archc-a declares `needless` that is not a mapping",
        ),
        (
            [("archc-a", "mine:Valued")],
            "the op `mine` of archc-a declares `other_values` that are not a mapping",
        ),
        (
            [("archc-a", "mine:Turned")],
            "the op `mine` of archc-a declares `conversions` that are not a tuple",
        ),
        (
            [("archc-a", "mine:Excluding")],
            "the op `mine` of archc-a declares `excluded` that is not a mapping of words to functions",
        ),
        ([("archc-a", "mine:Both")], "the op `mine` of archc-a declares 'my' where a tuple of names is needed"),
        ([("archc-a", "mine:Exits")], "the op `mine` of archc-a cannot be imported: SystemExit: 3"),
        ([("archc-a", "mine:Other")], 'the op `mine` of archc-a does not declare `op: Literal["mine"]`'),
        ([("archc-a", "mine:Abstract")], "the op `mine` of archc-a does not implement value"),
        ([("archc-a", "mine:Silent")], "the op `mine` of archc-a does not declare failing, corrected"),
        ([("archc-a", "mine:Undocumented")], "the op `mine` of archc-a has no docstring"),
        ([("archc-a", "mine:Word")], "the op `mine` of archc-a declares 'my' where a tuple of names is needed"),
        ([("archc-a", "mine:Reading")], "the op `mine` of archc-a has a field `from`, which every layer has already"),
        ([("archc-a", "mine:Mystery")], "the op `mine` of archc-a has a field `size` without a description"),
        ([("archc-a", "mine:Unheard")], "the op `mine` of archc-a cannot be imported: Unheard: without a text"),
        ([("archc-a", "mine:Names")], "the op `mine` of archc-a declares (5,) where a tuple of names is needed"),
        (
            [("archc-a", "mine:Arity")],
            "the op `mine` of archc-a declares the arity (3, 1), which is not (fewest, most)",
        ),
        ([("archc-a", "mine:Sign")], "the op `mine` of archc-a declares 'positive' as `output_sign`, which is one of "),
        ([("archc-a", "mine:Listed")], "the op `mine` of archc-a has a field `size` of a type that no field "),
        ([("archc-a", "mine:Anything")], "the op `mine` of archc-a has a field `size` of a type that no field "),
        ([("archc-a", "mine:Pairs")], "the op `mine` of archc-a has a field `size` of a type that no field "),
        ([("archc-a", "mine:Forward")], "the op `mine` of archc-a has fields whose schema pydantic cannot write"),
        ([("archc-a", "mine:Factory")], "the op `mine` of archc-a has a field `size` with a `default_factory` or a "),
        ([("archc-a", "mine:Open")], "the op `mine` of archc-a changes `extra`, `strict` or `frozen` of Op"),
        ([("archc-a", "mine:Given")], 'the op `mine` of archc-a does not declare `op: Literal["mine"]`'),
        ([("archc-a", "mine:Lines")], "the op `mine` of archc-a declares more than one line as kept_words"),
    ],
)
@pytest.mark.usefixtures("fresh_ops")
def test_an_op_that_cannot_be_used_is_a_finding_at_its_layer(
    install: Callable[..., None], named: list[tuple[str, str]], message: str
) -> None:
    for distribution, value in named:
        install(distribution, "archc.ops", "mine", OP + BROKEN.get(value, ""), value.partition(":")[2])
    assert "mine" not in ops()
    assert "mine" not in list(ops())
    (failure,) = ops().failures()
    assert failure.message.startswith(message)
    layers = ("a: {op: relu}", "b: {op: mine}", "c: {op: relu, form: b}", "d: {op: rleu}")
    findings = analyse((HEAD + "".join(f"  {layer}\n" for layer in layers)).encode(), "a.yaml").findings
    assert [finding.code for finding in findings] == ["ARC102", "ARC101", "ARC102"]
    mine, *_ = findings
    assert (mine.message, mine.help, mine.fix) == (failure.message, failure.help, ())
    assert mine.help


@pytest.mark.usefixtures("fresh_ops")
def test_an_op_that_cannot_be_used_is_reported_where_ops_are_listed(archc: Archc, install: Callable[..., None]) -> None:
    install("archc-a", "archc.ops", "mine", OP, "Missing")
    message = "error: the op `mine` of archc-a cannot be imported: AttributeError"
    done = archc("explain")
    assert (done.code, "\nconv2d " in done.out) == (0, True)
    assert done.err.startswith(message)
    done = archc("explain", "mine")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith(message)
    assert archc("explain", "macs").code == 0


@pytest.mark.parametrize(
    ("op", "message"),
    [
        ("Fails", "error in archc-a: ZeroDivisionError. Please report it to its authors and attach "),
        ("Leaves", "error in archc-a: SystemExit. Please report it to its authors and attach "),
        ("Ends", "error in archc-a: BaseException. Please report it to its authors and attach "),
        ("Counted", "internal error: TypeError. Please report it, with the ops of archc-a that the spec uses, and "),
        ("Advice", "error: the op `mine` of archc-a raises a ShapeError with the code `ARC901`, which is not "),
        ("Elsewhere", "error: the op `mine` of archc-a raises a ShapeError that names input 1 of 1, counted from 0"),
    ],
)
@pytest.mark.usefixtures("fresh_ops")
def test_an_op_whose_code_fails_names_its_distribution(
    archc: Archc, install: Callable[..., None], tmp_path: Path, op: str, message: str
) -> None:
    install("archc-a", "archc.ops", "mine", OP + BROKEN[f"mine:{op}"], op)
    spec = tmp_path / "a.yaml"
    spec.write_text(f"{HEAD}  b: {{op: mine}}\n")
    done = archc("check", spec)
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith(message)
    assert "Traceback" not in done.err


@pytest.mark.usefixtures("fresh_ops")
def test_fields_of_other_kinds_than_archc_s_own_have(
    archc: Archc, install: Callable[..., None], tmp_path: Path
) -> None:
    install("archc-a", "archc.ops", "mine", 'print("imported")\n' + OP + BROKEN["mine:Tagged"], "Tagged")
    spec = tmp_path / "a.yaml"
    head = HEAD.replace("layers:", "defaults: {mine: {size: 4}}\nlayers:")
    assert head != HEAD
    spec.write_text(f'{head}  b: {{op: mine, tag: "\\e[31m"}}\n  c: {{op: mine, size: 3}}\n')
    done = archc("check", spec)
    assert (done.code, "error[ARC105]: `size` is `3`: must be even" in done.out) == (1, True)
    spec.write_text(spec.read_text().replace("size: 3", "size: 8"))
    done = archc("check", spec)
    assert (done.code, "\\u001b[31m" in done.out, "\x1b" in done.out) == (0, True, False)
    assert json.loads(archc("check", spec, "--output-format", "json").out)
    assert "\x1b" not in archc("graph", spec, "-o", "-").out
    page = archc("explain", "mine").out
    assert re.search(r"\ntag +text +none +x\n", page)
    assert all(not check() for check in op_checks("mine") if "traits" in str(check))


@pytest.mark.usefixtures("fresh_ops")
def test_classes_of_two_distributions_may_have_one_name(install: Callable[..., None]) -> None:
    options = OP.replace("class Mine", "class Options(BaseModel, frozen=True):\n    {}: int = 1\nclass Mine")
    options = options.replace("import Field", "import BaseModel, Field")
    options += "    options: Options = Field(Options(), description='x')\n"
    install("archc-a", "archc.ops", "mine", options.replace("{}", "a"), "Mine")
    install("archc-b", "archc.ops", "other", options.replace("{}", "b").replace('["mine"]', '["other"]'), "Mine")
    definitions = json_schema()["definitions"]
    assert list(definitions["mine.Options"]["properties"]) == ["a"]
    assert list(definitions["other.Options"]["properties"]) == ["b"]
    assert definitions["other"]["properties"]["options"]["$ref"] == "#/definitions/other.Options"


@pytest.mark.parametrize("broken", [b"[archc.ops]\nmine\n", b"[x]\n\xff = a:b\n", b"[console_scripts]\nfoo\n"])
@pytest.mark.usefixtures("fresh_ops")
def test_entry_points_that_cannot_be_read_disturb_nobody_else(
    archc: Archc, install: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: bytes
) -> None:
    install("archc-a", "archc.ops", "mine", OP, "Mine")
    information = tmp_path / "archc_b-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: archc-b\nVersion: 1.0\n")
    (information / "entry_points.txt").write_bytes(broken)
    monkeypatch.syspath_prepend(tmp_path)
    assert set(load("torch").frameworks) == {"torch"}
    assert "mine" in ops()
    (failure,) = ops().failures()
    assert failure.message.startswith("the entry points of archc-b cannot be read: ")
    assert failure.help == "reinstall archc-b, or uninstall it"
    (finding,) = analyse(f"{HEAD}  b: {{op: theirs}}\n".encode(), "a.yaml").findings
    assert finding.notes == (failure.message,)


@pytest.mark.usefixtures("fresh_ops")
def test_an_output_that_is_no_shape_is_the_fault_of_its_op(install: Callable[..., None]) -> None:
    install("archc-a", "archc.ops", "mine", OP + BROKEN["mine:Zero"], "Zero")
    with pytest.raises(Failure, match=r"the op `mine` of archc-a infers .* instead of a Tensor of 1 to 3 sizes"):
        analyse(f"{HEAD}  b: {{op: mine}}\n".encode(), "a.yaml")


@pytest.mark.usefixtures("fresh_ops")
def test_what_no_op_of_archc_s_own_has_is_worded_too(install: Callable[..., None]) -> None:
    install("archc-a", "archc.ops", "mine", OP + BROKEN["mine:Pair"], "Pair")
    layers = ("a: {op: mine}", "b: {op: mine, from: [a, a, a, a]}", "c: {op: mine, order: 3}")
    findings = analyse((HEAD + "".join(f"  {layer}\n" for layer in layers)).encode(), "a.yaml").findings
    assert [(finding.message, finding.help) for finding in findings] == [
        ("a expects 2 to 3 inputs, got 1", "list them: `from: [a, b]`"),
        ("b expects 2 to 3 inputs, got 4", "delete some of them"),
        ("`order` cannot be `3`", "valid values: 1, 2"),
    ]


@pytest.mark.usefixtures("fresh_ops")
def test_an_op_with_learned_weights_can_be_placed(install: Callable[..., None]) -> None:
    source = "from archc.ops.dense import Dense\n" + OP + "class Learned(Dense):\n    'x'\n    op: Literal['mine']\n"
    install("archc-a", "archc.ops", "mine", source, "Learned")
    layers = "  flat: {op: flatten}\n  b: {op: mine, units: 4, weight_init: {he_normal: {}}}\n  c: {op: relu}\n"
    placed = "parallel: {devices: 2, strategy: columns, layers: {b: replicate, c: split}}\n"
    findings = analyse((HEAD + layers + placed).encode(), "a.yaml").findings
    (finding,) = (finding for finding in findings if finding.code.startswith("ARC4"))
    assert (finding.code, finding.help) == ("ARC402", "place b instead")
    assert finding.notes == ("only ops with a field `weight_init` can be placed, and `relu` has none",)


@pytest.mark.usefixtures("fresh_ops", "fresh_words")
def test_a_distribution_takes_over_no_word_of_archc_s_own(install: Callable[..., None]) -> None:
    install("archc-a", "archc.ops", "mine", OP + "    other_names = ('conv', 'my_own', 'norm')\n", "Mine")
    assert certain("conv", ops()) == "conv2d"
    assert certain("my_own", ops()) == "mine"
    assert nearest("norm", ops()) == "batch_norm"


@pytest.mark.parametrize("name", ops())
def test_archc_s_own_ops_declare_what_others_must(name: str) -> None:
    assert fault(ops()[name], name) is None
    assert ops().provider(name) is None


@pytest.mark.usefixtures("fresh_ops")
def test_archc_s_own_ops_cannot_be_replaced(install: Callable[..., None]) -> None:
    install("archc-a", "archc.ops", "relu", OP, "Mine")
    assert ops()["relu"].__module__ == "archc.ops.relu"
    (failure,) = ops().failures()
    assert failure.message == "the op `relu` of archc-a is not used: archc itself has an op of this name"
    assert len(ops()) == len(set(ops()))
