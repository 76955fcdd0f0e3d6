"""Pages on concepts: their form, and of `macs` each figure, from the specs and by its own arithmetic."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archc.analysis import Facts, analyse
from archc.explain.concepts import asked_as, concepts
from archc.explain.explanation import names
from archc.explain.words import sections, words
from archc.language.mistakes.vocabulary import folded
from archc.ops import ops
from archc.ops.conv2d import Conv2d
from archc.ops.weighted import Weighted

SPECS = Path(__file__).parents[2] / "specs"
PAGE = "\n\n".join(concepts()["macs"].parts)


def facts(name: str) -> Facts:
    found = analyse((SPECS / f"{name}.yaml").read_bytes(), name).facts
    assert found is not None
    return found


@pytest.fixture(scope="module")
def torchvisions() -> Facts:
    return facts("alexnet_torchvision")


def equations() -> list[tuple[str, int]]:
    """The lines of the page that say what an expression comes to."""
    lines = [line.strip() for part in concepts()["macs"].parts if part.startswith("    ") for line in part.splitlines()]
    found = [line.partition(" = ") for line in lines if " = " in line]
    return [(left, number(right)) for left, _, right in found]


def number(text: str) -> int:
    return int(text.replace(",", ""))


def more_than_archc(tool: str) -> int:
    """What the page's table says."""
    found = re.search(rf"^    {tool} [^ ]+ +([0-9,]+)    ([0-9,]+) more$", PAGE, re.MULTILINE)
    assert found is not None
    assert number(found[1]) - number(found[2]) == 714_188_480
    return number(found[2])


@pytest.mark.parametrize("name", concepts())
def test_a_page_is_titled_prose_lists_and_blocks(name: str) -> None:
    concept = concepts()[name]
    assert name not in {other.lower() for other in (*names(), *sections())}
    assert concept.title
    assert "\n" not in concept.title
    assert not concept.title.endswith(".")
    for part in concept.parts:
        lines = part.splitlines()
        block = lines[0].startswith("    ")
        assert all(line.startswith("    ") == block for line in lines), part
        assert max(map(len, lines)) <= (80 if block else 120), part


@pytest.mark.parametrize("name", concepts())
def test_what_a_page_refers_to_has_a_page(name: str) -> None:
    assert {*concepts()[name].see_also} <= {*names(), *words(), *concepts()} - {name}


def test_other_words_for_a_page_lead_to_one_page_and_hide_none() -> None:
    asked = [folded(word) for concept in concepts().values() for word in concept.asked_as]
    assert len(asked) == len(set(asked))
    assert not set(asked) & set(map(folded, (*names(), *words(), *concepts())))


@pytest.mark.parametrize(("expression", "result"), equations())
def test_the_arithmetic_of_the_page(expression: str, result: int) -> None:
    plain = expression.replace(",", "").replace("×", "*")
    assert re.fullmatch(r"[0-9 +*()-]+", plain)
    assert eval(plain) == result


def test_our_figures(torchvisions: Facts) -> None:
    counts = torchvisions.counts
    assert re.search(rf"^    archc +{counts.macs:,}$", PAGE, re.MULTILINE)
    assert f"2 × {counts.macs:,} - {counts.layers['conv1'].macs:,} = {counts.backward_macs:,}\n" in PAGE


def test_what_the_other_tools_add_is_what_the_layers_have(torchvisions: Facts) -> None:
    """Of each tool by its rule, on the spec; torchinfo and FlopCounterMode themselves run among the tests of PyTorch.

    torchvision's average over windows, which fvcore and ptflops count, is the identity on pool5: as many values.
    """
    graph, counts = torchvisions.graph, torchvisions.counts.layers
    biases = sum(counts[node.name].element_ops for node in graph.nodes if isinstance(node.op, Weighted))
    relus = sum(counts[node.name].activations for node in graph.nodes if node.op.op == "relu")
    pooled = sum(graph.tensor(node.inputs[0]).size for node in graph.nodes if node.op.op == "max_pool2d")
    average = graph.node("pool5").output.size
    assert more_than_archc("torchinfo") == biases
    assert more_than_archc("fvcore") == average
    assert more_than_archc("ptflops") == biases + 2 * (relus + pooled + average)
    assert "715,561,896" in PAGE
    assert torchvisions.counts.macs + biases + relus + pooled + average == 715_561_896


def test_what_flop_counter_mode_counts_too_often() -> None:
    network = facts("alexnet")
    grouped = [node.name for node in network.graph.nodes if isinstance(node.op, Conv2d) and node.op.groups == 2]
    assert grouped == ["conv2", "conv4", "conv5"]
    sums = " + ".join(f"{network.counts.layers[name].macs:,}" for name in grouped)
    assert f"2 × ({sums}) = " in PAGE


def test_element_operations_by_the_pages_rules() -> None:
    """On one layer each: (layer, what it reads, what the page's table makes of it)."""
    head = "schema: archc/v1\nname: a\ninput: {image: [6, 5, 7]}\nlayers:\n"
    values = 6 * 5 * 7
    for layer, expected in (
        ("{op: relu}", values),
        ("{op: tanh}", values),
        ("{op: conv2d, filters: 2, kernel: 1, weight_init: {he_normal: {}}}", 2 * 5 * 7),
        ("{op: conv2d, filters: 2, kernel: 1, bias: false, weight_init: {he_normal: {}}}", 0),
        ("{op: max_pool2d, kernel: [2, 3], stride: 1}", 6 * 4 * 5 * (2 * 3 - 1)),
        ("{op: lrn, size: 5, alpha: 1, beta: 1, k: 1}", values * (5 + 4)),
        ("{op: lrn, size: 3, alpha: 1, beta: 1, k: 1, scope: spatial}", values * (9 + 4)),
        ("{op: batch_norm, epsilon: 1e-5, momentum: 0.9}", 4 * values + 2 * 6),
        ("{op: add, from: [image, image, image]}", 2 * values),
        ("{op: dropout, rate: 0.5}", 0),
        ("{op: flatten}", 0),
        ("{op: concat, from: [image, image]}", 0),
        ("{op: flatten}\n  b: {op: softmax}", 5 * values - 2),
    ):
        found = analyse(f"{head}  a: {layer}\n".encode(), "a.yaml").facts
        assert found is not None
        assert found.counts.element_ops == expected, layer


@pytest.mark.parametrize(
    ("name", "heading"), [("macs", "element operations of each op"), ("memory", "What each op keeps")]
)
def test_a_table_of_ops_has_each_op_once(name: str, heading: str) -> None:
    parts = concepts()[name].parts
    table = parts[next(at for at, part in enumerate(parts) if heading in part) + 1]
    # The names of a row may go on below, after a comma.
    rows = [line.split("    ")[1] for line in table.splitlines() if line[4] != " "]
    assert sorted(op for row in rows for op in row.removesuffix(",").split(", ")) == sorted(ops())


@pytest.mark.parametrize(
    ("phrase", "page"),
    [
        ("overlapping pools", "pooling"),
        ("random-crops", "augmentation"),
        ("Grouped convolutions", "two_columns"),
        ("why do gradients vanish: vanishing gradients", "activation"),
        ("He initialization", "initialisation"),
        ("exploding gradients", "initialisation"),
        ("what is a convolution?", "convolution"),
        ("flops", "macs"),
        ("learning-rate decay", "update_rule"),
        ("split over devices", None),
        ("x", None),
        ("", None),
    ],
)
def test_a_phrase_leads_to_the_page_of_the_words_in_it(phrase: str, page: str | None) -> None:
    assert asked_as(phrase) == page


def test_a_question_about_an_op_leads_to_the_op(archc) -> None:
    result = archc("explain", "why", "does", "dropout", "help?")
    assert result.err.endswith("did you mean `dropout`?\n")
