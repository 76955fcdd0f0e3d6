"""Emitted files as text, and run by themselves."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from archc.analysis import Facts, analyse
from archc.backend import EmittedSource, Origin, Request, Unsupported, load
from archc.emit.seal import seal
from archc.graph import Graph
from archc.ops.relu import Relu

HERE = Path(__file__).parent
ALEXNET = HERE.parents[2] / "specs" / "alexnet.yaml"
SPECS = (ALEXNET, *sorted((HERE / "specs").glob("*.yaml")))
ORIGIN = Origin.of("spec.yaml", b"")

each_spec = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)


def facts_of(spec: Path) -> Facts:
    facts = analyse(spec.read_bytes(), spec.name).facts
    assert facts is not None
    return facts


def emitted(facts: Facts, graph: Graph | None = None, origin: Origin = ORIGIN) -> EmittedSource:
    return load("torch").emit(Request(graph or facts.graph, facts.counts, facts.own_recipe, origin))


def ruff(*command: str | Path) -> None:
    done = subprocess.run([sys.executable, "-m", "ruff", *command], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@each_spec
def test_golden(spec: Path, golden: Callable[[Path, str], None]) -> None:
    origin = Origin.of(spec.name, spec.read_bytes())
    golden(HERE / "golden" / f"{spec.stem}.py", emitted(facts_of(spec), origin=origin).text)


def test_ruff_leaves_the_golden_files_as_they_are() -> None:
    ranks = {"alexnet_columns", "graph_columns", "graph_data", "graph_hybrid"}
    assert {file.stem for file in (HERE / "golden").iterdir()} == {spec.stem for spec in SPECS} | ranks
    ruff("check", "--isolated", "--no-cache", HERE / "golden")
    ruff("format", "--isolated", "--no-cache", "--diff", HERE / "golden")


def test_ruff_leaves_every_spec_s_source_as_it_is(tmp_path: Path) -> None:
    for folder in (ALEXNET.parent, HERE.parents[1] / "specs" / "good"):
        for spec in folder.glob("*.yaml"):
            (tmp_path / f"{spec.stem}.py").write_text(emitted(facts_of(spec)).text, encoding="utf-8", newline="")
    assert list(tmp_path.iterdir())
    ruff("check", "--isolated", "--no-cache", tmp_path)
    ruff("format", "--isolated", "--no-cache", "--diff", tmp_path)


@pytest.fixture(scope="module")
def branches() -> Facts:
    return facts_of(HERE / "specs" / "branches.yaml")


def test_renamed_layers_are_told(branches: Facts) -> None:
    assert emitted(branches).renamed == {
        "self": "self_",
        "class": "class_",
        "forward": "forward__",
        "training": "training_",
        "torch": "torch_",
        "tuple": "tuple_",
        "nn": "nn_",
        "l": "l_",
    }
    assert emitted(branches).class_name == "TensorNet"


def test_an_op_without_a_rule_is_unsupported(branches: Facts) -> None:
    class Swish(Relu, frozen=True):
        op: str = "swish"  # pyright: ignore[reportIncompatibleVariableOverride]

    first, *others = branches.graph.nodes
    graph = replace(branches.graph, nodes=(replace(first, op=Swish()), *others))
    with pytest.raises(Unsupported, match="class needs `swish`, which the PyTorch backend does not support") as caught:
        emitted(branches, graph)
    assert caught.value.layers.keys() == {"class"}


def test_alexnet_is_read_in_five_screens() -> None:
    lines = seal((HERE / "golden" / "alexnet.py").read_text()).splitlines()
    assert len(lines) <= 285
    assert max(map(len, lines)) <= 88
    assert not any("archc" in line for line in lines[10:-1])


@each_spec
def test_a_file_checks_itself(spec: Path) -> None:
    """Each golden file's own check passes, and finds a model that is another."""
    scope: dict[str, Any] = {"__name__": "emitted"}
    exec((HERE / "golden" / f"{spec.stem}.py").read_text(), scope)
    scope["check"]()
    model = next(v for v in scope.values() if isinstance(v, type) and hasattr(v, "reset_parameters"))
    scope[model.__name__] = lambda: torch.nn.Sequential(model(), torch.nn.Linear(2, 2))
    with pytest.raises(AssertionError, match="parameters, not "):
        scope["check"]()


def test_the_file_runs_by_itself(tmp_path: Path) -> None:
    place = tmp_path / "alexnet.py"
    place.write_bytes((HERE / "golden" / "alexnet.py").read_bytes())
    # Isolated, and with an import of archc made impossible.
    script = f"import runpy, sys; sys.modules['archc'] = None; runpy.run_path({str(place)!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-I", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"Alexnet: 60,965,224 parameters, loss \d\.\d\d\n", done.stdout)
