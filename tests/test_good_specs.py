"""Specs that hold, in every form that the language allows: no finding, and the facts that were meant."""

from pathlib import Path

import pytest

from archc.analysis import Facts, analyse
from archc.diagnostics.text import render
from archc.ops.conv2d import Conv2d
from archc.ops.dropout import Dropout
from archc.ops.initialisation import HE_NORMAL, WeightInit
from archc.ops.lrn import Lrn
from archc.ops.weighted import Weighted

SPECS = Path(__file__).parent / "specs" / "good"


def facts(name: str) -> Facts:
    spec = SPECS / f"{name}.yaml"
    analysis = analyse(spec.read_bytes(), spec.name)
    assert analysis.facts is not None, render(analysis.findings)
    assert analysis.findings == []
    return analysis.facts


@pytest.mark.parametrize("name", sorted(spec.stem for spec in SPECS.glob("*.yaml")))
def test_nothing_is_found_and_every_expectation_was_checked(name: str) -> None:
    found = facts(name)
    text = (SPECS / f"{name}.yaml").read_text(encoding="utf-8")
    assert len(found.held.layers) == text.count("expect: [")
    assert found.graph.name == name


def test_a_chain_and_what_is_assumed_without_train() -> None:
    lenet = facts("lenet")
    assert lenet.graph.is_chain
    assert lenet.graph.title == "lenet"
    assert lenet.graph.outputs == ("prob",)
    assert lenet.shapes.chain == ((28, 28), (14, 14), (10, 10), (5, 5), (1, 1))
    assert lenet.counts.parameters == 156 + 2416 + 48120 + 10164 + 850
    assert lenet.placement is None
    assert lenet.recipe_is_default
    assert lenet.recipe.data is not None
    assert (lenet.recipe.data.crop, lenet.recipe.data.resize, lenet.recipe.batch) == ((32, 32), 36, 128)


@pytest.mark.parametrize(
    ("layer", "arithmetic", "summary"),
    [
        ("plain", "(10 - 3) / 1 + 1 = 8, (13 - 3) / 1 + 1 = 11", "3 × 3"),
        ("pair", "(10 - 3) / 1 + 1 = 8, (13 - 5) / 2 + 1 = 5", "3 × 5, stride 1 × 2"),
        ("padded", "(10 - 3 + 2 × 1) / 1 + 1 = 10, (13 - 3 + 2 × 1) / 1 + 1 = 13", "3 × 3, padding 1"),
        ("sides", "(10 - 4 + 1 + 2) / 1 + 1 = 10, (13 - 4 + 0 + 3) / 1 + 1 = 13", "4 × 4, padding 1 2 0 3"),
        ("same", "(10 - 5 + 2 × 2) / 3 + 1 = 4, (13 - 5 + 2 × 2) / 3 + 1 = 5", "5 × 5, stride 3, padding same"),
        ("same_even", "(10 - 2 + 0 + 1) / 1 + 1 = 10, (13 - 2 + 0 + 1) / 1 + 1 = 13", "2 × 2, padding same"),
        ("dilated", "(10 - 5) / 1 + 1 = 6, (13 - 7) / 1 + 1 = 7", "3 × 3, dilation 2 × 3"),
        ("up", "⌈(10 - 3) / 2⌉ + 1 = 5, (13 - 3) / 2 + 1 = 6", "3 × 3, stride 2"),
        ("grouped", "(10 - 3) / 1 + 1 = 8, (13 - 3) / 1 + 1 = 11", "3 × 3, 4 groups"),
    ],
)
def test_windows_show_their_arithmetic(layer: str, arithmetic: str, summary: str) -> None:
    windows = facts("windows")
    assert windows.shapes.windows[layer].arithmetic == arithmetic
    assert windows.graph.node(layer).op.summary() == summary


def test_groups_and_a_missing_bias_are_counted() -> None:
    windows = facts("windows")
    assert windows.counts.layers["grouped"].parameters == 8 * (4 // 4) * 9
    assert windows.counts.layers["grouped"].macs == 8 * 8 * 11 * (4 // 4) * 9
    assert windows.counts.layers["plain"].parameters == 8 * 4 * 9 + 8
    assert windows.counts.layers["plain"].macs == 8 * 8 * 11 * 4 * 9


def test_a_graph_knows_its_readers_and_its_outputs() -> None:
    graph = facts("branches").graph
    assert not graph.is_chain
    assert graph.outputs == ("joined", "sum", "vector")
    assert graph.node("sum").inputs == ("left_relu", "stem", "stem")
    assert [node.name for node in graph.readers["stem"]] == ["left", "sum", "right"]
    assert [node.name for node in graph.readers["image"]] == ["stem", "joined"]
    assert graph.readers["vector"] == ()


def test_normalisation_keeps_its_scope_and_its_groups() -> None:
    norms = {node.name: node.op for node in facts("norms").graph.nodes}
    assert norms["across"] == Lrn(op="lrn", size=5, alpha=1e-4, beta=0.75, k=2)
    assert norms["within"] == Lrn(op="lrn", size=5, alpha=1e-3, beta=0.75, k=1, scope="spatial")
    assert {name: op.summary() for name, op in norms.items()} == {
        "across": "5 maps",
        "halves": "5 maps, 2 groups",
        "within": "5 × 5",
        "single": "1 map",
    }


def test_a_layers_own_field_comes_before_its_default() -> None:
    nodes = {node.name: node.op for node in facts("defaults").graph.nodes}
    first, _, second, third, fourth = nodes.values()
    assert isinstance(first, Conv2d)
    assert isinstance(second, Conv2d)
    assert (first.filters, first.bias_init, first.weight_init) == (3, 0.5, WeightInit("normal", 0.1))
    assert (second.filters, second.bias_init) == (5, -1)
    assert second.weight_init == HE_NORMAL
    assert isinstance(third, Dropout)
    assert isinstance(fourth, Dropout)
    assert (third.rate, fourth.rate) == (0.5, 0)


def test_scalars_are_read_as_yaml_1_2() -> None:
    found = facts("scalars")
    assert str(found.graph.inputs["image"]) == "3 × 10 × 15"
    assert found.graph.title == 'yes: a # in a string, Größe, 漢字 and "quotes"'
    assert [node.name for node in found.graph.nodes][:4] == ["on", "no", "class", "forward"]
    biases = [node.op.bias for node in found.graph.nodes if isinstance(node.op, Weighted)]
    assert biases == [True, False, True]


def test_a_recipe_and_a_split_over_three_devices() -> None:
    found = facts("recipe")
    assert not found.recipe_is_default
    assert found.recipe.optimizer.sgd and found.recipe.optimizer.sgd.decay_biases
    assert found.recipe.data is not None
    assert found.recipe.data.given == {"mean": (0.485, 0.456, 0.406), "std": (0.225,)}
    assert found.placement is not None
    assert [(e.layer, e.kind, e.values) for e in found.placement.exchanges] == [
        ("norm1", "halo", 2 * 2 * 2 * 14 * 10),
        ("conv3", "gather", 2 * 6 * 12 * 8),  # each of three fetches the two thirds that it lacks
        ("fc1", "gather", 2 * 6 * 10 * 6),
    ]
