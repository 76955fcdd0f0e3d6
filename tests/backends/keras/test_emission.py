"""The emitted Keras file as a text, and run by itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from archc_keras.rules import RULES

from archc.analysis import Facts, analyse
from archc.backend import Origin, Request, Unsupported, load
from archc.emit.plan import Step
from archc.emit.seal import seal
from archc.emit.syntax import call
from archc.failure import Failure
from archc.ops.relu import Relu

ROOT = Path(__file__).parents[3]
ALEXNET = ROOT / "specs" / "alexnet.yaml"
SPECS = (*sorted((ROOT / "specs").glob("*.yaml")), *sorted((ROOT / "tests" / "specs" / "good").glob("*.yaml")))
ORIGIN = Origin.of("spec.yaml", b"")
HERE = Path(__file__).parent
RESIDUAL = HERE.parent / "torch" / "specs" / "residual.yaml"


def facts_of(data: bytes) -> Facts:
    facts = analyse(data, "a.yaml").facts
    assert facts is not None
    return facts


def emitted(facts: Facts, origin: Origin = ORIGIN) -> str:
    return load("keras").emit(Request(facts.graph, facts.counts, facts.own_recipe, origin)).text


@pytest.mark.parametrize("spec", [ALEXNET, HERE / "graph.yaml", RESIDUAL], ids=lambda spec: spec.stem)
def test_it_reads_as_it_did(spec: Path, golden: Callable[[Path, str], None]) -> None:
    data = spec.read_bytes()
    golden(HERE / "golden" / f"{spec.stem}.py", emitted(facts_of(data), Origin.of(spec.name, data)))


def test_alexnet_is_read_in_four_screens() -> None:
    assert seal(emitted(facts_of(ALEXNET.read_bytes()))).count("\n") <= 240


def test_ruff_leaves_what_is_emitted_as_it_is(tmp_path: Path) -> None:
    for spec in SPECS:
        (tmp_path / f"{spec.stem}.py").write_text(emitted(facts_of(spec.read_bytes())), encoding="utf-8")
    for command in (["check"], ["format", "--diff"]):
        ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", str(tmp_path)]
        done = subprocess.run(ruff, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_what_keras_cannot_compute_names_the_layer() -> None:
    spec = b"""
schema: archc/v1
name: a
input: {image: [3, 32, 32]}
layers:
  both: {op: conv2d, filters: 4, kernel: 3, stride: 2, dilation: 2, weight_init: {he_normal: {}}}
"""
    message = "both needs a stride and a dilation at once, which the Keras backend does not support"
    with pytest.raises(Unsupported, match=message) as raised:
        emitted(facts_of(spec))
    assert raised.value.layers.keys() == {"both"}


def test_a_size_in_the_code_of_a_network_of_free_sizes_is_refused() -> None:
    """The usual size and one pixel more give up1 the same input."""
    spec = b"""
schema: archc/v1
name: a
input: {image: [3, null, null]}
layers:
  pool1: {op: max_pool2d, kernel: 4, stride: 4}
  up1: {op: upsample, factor: 2, mode: bilinear, corners: half_pixel}
"""
    with pytest.raises(Unsupported, match="up1 needs different code at each free size"):
        emitted(facts_of(spec))


LAYER = call("layers.ReLU")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("layers.ReLU()", "a str, not layers by suffix, of which the last is empty"),
        (LAYER, "a Call, not layers"),
        ((LAYER,), "a tuple of Call, not layers"),
        ({}, "an empty dict, not layers"),
        ({"": "layers.ReLU()"}, "a dict of str, not layers"),
        ({"_own": LAYER}, "a dict of Call, not layers"),
        ({"": LAYER, "_after": LAYER}, "a dict of Call, Call, not layers"),
        ({1: LAYER, "": LAYER}, "a dict of Call, Call, not layers"),
        ({"": call("layers.ReLU", name="a")}, "a layer with a name, which archc gives it"),
        (None, "nothing"),
    ],
)
def test_what_is_no_layers_is_the_fault_of_the_rule(
    monkeypatch: pytest.MonkeyPatch, written: object, said: str
) -> None:
    def rule(op: Relu, step: Step) -> object:
        del op, step
        return written

    monkeypatch.setitem(vars(RULES)["_rules"], Relu, rule)
    with pytest.raises(Failure) as caught:
        emitted(facts_of(ALEXNET.read_bytes()))
    assert caught.value.message.startswith(f"the rule {__name__}.{rule.__qualname__} for `relu` returns {said}")


@pytest.mark.parametrize(
    ("backend", "spec", "said"),
    [
        ("tensorflow", ALEXNET, r"Alexnet: 60,965,224 parameters, loss \d+\.\d\d\n"),
        ("torch", Path(__file__).parent / "graph.yaml", r"Graph: 1,335 parameters, loss \d+\.\d\d\n"),
    ],
)
def test_run_by_itself_it_checks_itself(tmp_path: Path, backend: str, spec: Path, said: str) -> None:
    file = tmp_path / "network.py"
    file.write_text(emitted(facts_of(spec.read_bytes())), encoding="utf-8")
    code, out, errors = run(file, backend)
    assert code == 0, errors
    assert re.fullmatch(said, out)


def run(file: Path, backend: str) -> tuple[int, str, str]:
    command, environment = [sys.executable, file.name], {**os.environ, "KERAS_BACKEND": backend}
    done = subprocess.run(command, cwd=file.parent, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_an_edit_that_changes_the_network_is_told(tmp_path: Path) -> None:
    file = tmp_path / "graph.py"
    source = emitted(facts_of((Path(__file__).parent / "graph.yaml").read_bytes()))
    file.write_text(re.sub(r"layers\.Dense\(\s*2,", "layers.Dense(3,", source), encoding="utf-8")
    code, _, errors = run(file, "torch")
    assert code == 1
    assert errors.endswith("AssertionError: 1,436 parameters, not 1,335\n")
