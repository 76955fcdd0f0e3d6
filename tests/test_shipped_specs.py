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
    measured, text = shipped("alexnet_2012"), shipped("alexnet")
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


DENSE = (9217 * 4096, 4097 * 4096, 4097 * 1000)
"""Parameters of the paper's dense layers."""
ONE_TOWER = (34_944, 256 * (96 * 25 + 1), 384 * (256 * 9 + 1), 384 * (384 * 9 + 1), 256 * (384 * 9 + 1))
"""Those of its convolutions, without groups."""


@pytest.mark.parametrize(
    ("name", "sizes", "parameters"),
    [
        ("alexnet_2012", (55, 27, 13, 6), 60_965_224),
        ("alexnet_one_tower", (55, 27, 13, 6), sum((*ONE_TOWER, *DENSE))),
        ("caffenet", (55, 27, 13, 6), 60_965_224),
        (
            "alexnet_flowers17",
            (54, 26, 12, 5),
            sum(ONE_TOWER) + (5 * 5 * 256 + 1) * 4096 + 4097 * 4096 + 4097 * 17,
        ),
        ("zfnet", (110, 55, 26, 13, 6), 96 * (3 * 49 + 1) + sum((*ONE_TOWER[1:], *DENSE))),
        ("cifar_quick", (32, 16, 8, 4), 32 * 76 + 32 * 801 + 64 * 801 + 64 * 1025 + 10 * 65),
        ("cifar_four_layers", (32, 16, 8, 4), 32 * 76 + 32 * 801 + 64 * 801 + 10 * 1025),
    ],
)
def test_alexnets_relatives_have_the_sizes_and_counts_of_their_sources(
    name: str, sizes: tuple[int, ...], parameters: int
) -> None:
    facts = shipped(name)
    assert facts.shapes.chain == tuple((size, size) for size in sizes)
    assert facts.counts.parameters == parameters


def test_one_tower_is_the_papers_network_without_groups_and_devices() -> None:
    paper, one = shipped("alexnet"), shipped("alexnet_one_tower")
    grouped = {node.name: node.op for node in paper.graph.nodes if "groups" in node.fields}
    assert {*grouped} == {"norm1", "conv2", "norm2", "conv4", "conv5"}
    for ours, theirs in zip(one.graph.nodes, paper.graph.nodes, strict=True):
        expected = theirs.op.model_copy(update={"groups": 1}) if theirs.name in grouped else theirs.op
        assert (ours.name, ours.op, ours.inputs) == (theirs.name, expected, theirs.inputs)
    assert one.own_recipe == paper.own_recipe
    assert one.placement is None


def test_caffenet_pools_before_it_normalises_by_caffes_rule() -> None:
    caffe = shipped("caffenet")
    assert [node.op.op for node in caffe.graph.nodes][1:4] == ["relu", "max_pool2d", "lrn"]
    norms = [node.op for node in caffe.graph.nodes if isinstance(node.op, Lrn)]
    assert norms == [Lrn(op="lrn", size=5, alpha=1e-4, beta=0.75, k=1)] * 2
    learned = {node.name: node.op for node in caffe.graph.nodes if isinstance(node.op, Weighted)}
    assert [name for name, op in learned.items() if op.reach().groups == 2] == ["conv2", "conv4", "conv5"]
    assert [op.bias_init for op in learned.values()] == [0, 1, 0, 1, 1, 1, 1, 0]
    assert [op.weight_init.number for op in learned.values()] == [0.01] * 5 + [0.005] * 2 + [0.01]


def test_torchvisions_alexnet() -> None:
    facts = shipped("alexnet_torchvision")
    assert (facts.counts.parameters, facts.counts.macs) == (61_100_840, 714_188_480)
    assert [n.output.channels for n in facts.graph.nodes if n.op.op == "conv2d"] == [64, 192, 384, 256, 256]
    assert facts.shapes.chain == ((55, 55), (27, 27), (13, 13), (6, 6))
    before_dense = [(n.name, n.inputs[0]) for n in facts.graph.nodes if n.op.op == "dense"]
    assert before_dense == [("fc6", "drop6"), ("fc7", "drop7"), ("fc8", "relu7")]
