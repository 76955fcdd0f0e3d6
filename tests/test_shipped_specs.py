"""The networks in specs/: each holds without a word of advice, in the one layout, its totals expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from archc.analysis import Facts, analyse
from archc.backend import Origin, Request, load
from archc.language.layout.canonical import canonical
from archc.ops.lrn import Lrn
from archc.ops.weighted import Weighted

SPECS = sorted((Path(__file__).parents[1] / "specs").glob("*.yaml"))
each_spec = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)


def facts_of(spec: Path) -> Facts:
    analysis = analyse(spec.read_bytes(), spec.name)
    assert analysis.findings == []
    assert analysis.facts is not None
    return analysis.facts


def shipped(name: str) -> Facts:
    return facts_of(SPECS[0].with_name(f"{name}.yaml"))


@each_spec
def test_it_holds_and_is_named_for_its_file(spec: Path) -> None:
    facts = facts_of(spec)
    assert facts.graph.name == spec.stem
    assert facts.graph.title != spec.stem
    assert {"parameters", "macs"} <= set(facts.held.totals)


@each_spec
def test_it_is_in_layout_and_begins_with_what_it_is(spec: Path) -> None:
    text = spec.read_bytes()
    assert canonical(text, spec.name) == (text, [])
    assert text.startswith(b"# ")


@each_spec
@pytest.mark.parametrize("backend", ["torch", "keras"])
def test_both_backends_emit_it(spec: Path, backend: str) -> None:
    facts = facts_of(spec)
    origin = Origin.of(spec.name, spec.read_bytes())
    source = load(backend).emit(Request(facts.graph, facts.counts, facts.own_recipe, origin))
    compile(source.text, spec.name, "exec")


def test_the_network_as_measured_differs_from_the_papers_text() -> None:
    """As in layers-145.cfg of 2012: the order around the first pool, and a normalisation within maps."""
    measured, text = shipped("alexnet_as_measured"), shipped("alexnet")
    ops = [node.op.op for node in measured.graph.nodes]
    assert ops[:4] == ["conv2d", "lrn", "max_pool2d", "relu"]
    assert ops[4:9] == ["conv2d", "relu", "lrn", "lrn", "max_pool2d"]
    norms = [node.op for node in measured.graph.nodes if isinstance(node.op, Lrn)]
    assert norms[1:] == [
        Lrn(op="lrn", size=5, alpha=1e-4, beta=0.75, k=2, groups=2),
        Lrn(op="lrn", size=5, alpha=1e-3, beta=0.75, k=1, scope="spatial", groups=2),
    ]
    begins = {
        n.name: (n.op.weight_init.number, n.op.bias_init) for n in measured.graph.nodes if isinstance(n.op, Weighted)
    }
    assert begins == {
        "conv1": (0.01, 0),
        "conv2": (0.01, 1),
        "conv3": (0.03, 0),
        "conv4": (0.03, 1),
        "conv5": (0.03, 1),
        "fc6": (0.01, 1),
        "fc7": (0.01, 1),
        "fc8": (0.01, 0),
    }
    assert (measured.counts.parameters, measured.counts.macs) == (text.counts.parameters, text.counts.macs)
    assert measured.shapes.chain == text.shapes.chain
    assert measured.recipe.data is not None
    offsets = measured.recipe.data.resize - measured.recipe.data.crop.height + 1
    assert offsets == 33, "offsets of a crop, as in its source"


def test_one_tower_as_in_torchvision() -> None:
    facts = shipped("alexnet_one_tower")
    assert (facts.counts.parameters, facts.counts.macs) == (61_100_840, 714_188_480)
    assert [n.output.channels for n in facts.graph.nodes if n.op.op == "conv2d"] == [64, 192, 384, 256, 256]
    assert facts.shapes.chain == ((55, 55), (27, 27), (13, 13), (6, 6))
    before_dense = [(n.name, n.inputs[0]) for n in facts.graph.nodes if n.op.op == "dense"]
    assert before_dense == [("fc6", "drop6"), ("fc7", "drop7"), ("fc8", "relu7")]
