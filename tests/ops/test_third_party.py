"""An op of somebody else: a distribution brings it and its rules, and all of archc knows it without a change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archc.failure import Failure
from archc.ops import ops

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
    assert "    clamp " in run("explain", "macs").stdout
    assert ", clamp, " in run("explain", "memory").stdout
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
from archc.conformance import checks
found = [check for check in checks("numpy", compute) if check.name.startswith("clamp_")]
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


OP = """
from typing import Literal
from archc.ops.activation import Activation
class Mine(Activation, frozen=True):
    op: Literal["mine"]
    def value(self, x): return x
"""


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ([("archc-a", "mine:Mine"), ("archc-b", "mine:Mine")], "archc-a and archc-b both provide the op `mine`"),
        ([("archc-a", "mine:Missing")], "the op `mine` of archc-a cannot be imported: AttributeError"),
        ([("archc-a", "mine:Literal")], 'the op `mine` of archc-a is not an Op with `op: Literal["mine"]`'),
    ],
)
@pytest.mark.usefixtures("fresh_ops")
def test_an_op_that_cannot_be_used_names_its_distribution(
    install: Callable[..., None], named: list[tuple[str, str]], message: str
) -> None:
    for distribution, value in named:
        install(distribution, "archc.ops", "mine", OP, value.partition(":")[2])
    with pytest.raises(Failure) as caught:
        ops()["mine"]
    assert caught.value.message.startswith(message)
    assert "archc-a" in caught.value.message


@pytest.mark.usefixtures("fresh_ops")
def test_archc_s_own_ops_cannot_be_replaced(install: Callable[..., None]) -> None:
    install("archc-a", "archc.ops", "relu", OP, "Mine")
    assert ops()["relu"].__module__ == "archc.ops.relu"
    with pytest.raises(Failure, match="archc-a provides an op `relu`, which archc has itself"):
        list(ops())
