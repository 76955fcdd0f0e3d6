"""Formulas of shapes: they give what the ops infer, at sizes that the pass has not tried."""

from __future__ import annotations

import re
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archc.analysis import analyse
from archc.graph import Graph
from archc.passes.free_sizes import FreeSizes, Refusal, inferred_at

HEAD = "schema: archc/v1\nname: a\ninput: {image: [3, null, null]}\n"
DEFAULTS = "defaults: {conv2d: {weight_init: {he_normal: {}}}, dense: {weight_init: {he_normal: {}}}}\nlayers:\n"


def free(layers: str, head: str = HEAD) -> tuple[Graph, FreeSizes]:
    facts = analyse(f"{head}{DEFAULTS}{layers}".encode(), "a.yaml").facts
    assert facts is not None and facts.free is not None
    return facts.graph, facts.free


def codes(layers: str, head: str = HEAD) -> list[str]:
    return [finding.code for finding in analyse(f"{head}{DEFAULTS}{layers}".encode(), "a.yaml").findings]


def value(formula: str, **sizes: int) -> int:
    """What a formula gives: `2 H` is a product, and division is exact unless it is rounded."""
    python = re.sub(r"(\d) (?=[A-Za-z(])", r"\1 * ", formula).replace("×", "*")
    found = eval(python, {"ceil": ceil, "floor": floor}, {name: Fraction(size) for name, size in sizes.items()})
    assert found == int(found)
    return int(found)


WINDOWS = st.builds(
    lambda op, kernel, stride, padding, rounding: (
        f"{{op: {op}, kernel: {kernel}, stride: {stride}, padding: {min(padding, kernel // 2)}, rounding: {rounding}"
        + (", filters: 4}" if op == "conv2d" else "}")
    ),
    st.sampled_from(["conv2d", "max_pool2d"]),
    st.integers(1, 7),
    st.integers(1, 4),
    st.integers(0, 3),
    st.sampled_from(["floor", "ceil"]),
)


@settings(max_examples=60)
@given(st.lists(WINDOWS, min_size=1, max_size=4), st.integers(0, 500), st.integers(0, 500))
def test_a_chain_of_windows(windows: list[str], high: int, wide: int) -> None:
    graph, found = free("".join(f"  w{n}: {window}\n" for n, window in enumerate(windows)))
    first = {axis.symbol: axis.first for axis in found.axes}
    sizes = {"H": first["H"] + high, "W": first["W"] + wide}
    shapes = inferred_at(graph, sizes)
    assert not isinstance(shapes, Refusal)
    for node in found.graph.nodes:
        name, formulas = node.name, tuple(map(str, node.output.shape))
        if "f(" in " ".join(formulas):  # a pool with `ceil` that drops its last window follows no formula
            continue
        assert tuple(value(formula, **sizes) for formula in formulas) == shapes[name].shape, (name, formulas)


@pytest.mark.parametrize(
    ("layers", "formulas"),
    [
        ("  a: {op: conv2d, filters: 8, kernel: 7, stride: 2, padding: 3}\n", ("8", "ceil(H / 2)", "ceil(W / 2)")),
        ("  a: {op: conv2d, filters: 8, kernel: [1, 5]}\n", ("8", "H", "W - 4")),
        ("  a: {op: max_pool2d, kernel: 3, stride: 2}\n", ("3", "floor((H - 1) / 2)", "floor((W - 1) / 2)")),
        ("  a: {op: flatten}\n", ("3 × H × W",)),
    ],
)
def test_formulas_as_a_person_writes_them(layers: str, formulas: tuple[str, ...]) -> None:
    assert str(free(layers)[1].graph.node("a").output) == " × ".join(formulas)


def test_one_free_axis() -> None:
    _, found = free("  a: {op: max_pool2d, kernel: 2, stride: 2}\n", HEAD.replace("null, null", "64, null"))
    assert str(found.graph.node("a").output) == "3 × 32 × floor(W / 2)"
    assert [(axis.symbol, axis.first, axis.step) for axis in found.axes] == [("W", 2, 1)]


def test_the_usual_size_is_the_crop() -> None:
    recipe = (
        "train:\n  batch: 1\n  epochs: 1\n  loss: cross_entropy\n  test: center\n"
        "  optimizer: {sgd: {lr: 0.1, momentum: 0, weight_decay: 0}}\n"
        "  data: {resize: 70, crop: [60, 50], mirror: false, mean: none}\n"
    )
    graph, _ = free(f"  a: {{op: conv2d, filters: 2, kernel: 1}}\n{recipe}")
    assert graph.node("a").output.shape == (2, 60, 50)


def test_a_dense_layer_after_a_flatten_needs_one_size() -> None:
    assert codes("  flat: {op: flatten}\n  fc: {op: dense, units: 2}\n") == ["ARC212"]


def test_the_reason_names_the_layer() -> None:
    layers = "  pool: {op: max_pool2d, kernel: 2, stride: 2}\n  up: {op: upsample, size: [112, 112], mode: nearest}\n"
    (finding,) = analyse(f"{HEAD}layers:\n{layers}".encode(), "a.yaml").findings
    assert finding.code == "ARC212"
    assert finding.notes == ("up makes maps of 112 × 112, but its input is 113 × 112",)


def test_the_number_of_maps_cannot_be_free() -> None:
    assert codes("  a: {op: relu}\n", HEAD.replace("[3, null, null]", "[null, 8, 8]")) == ["ARC105"]


ROWS = "schema: archc/v1\nname: a\ninput: {sound: [1, null]}\ndefaults: {conv1d: {weight_init: {he_normal: {}}}}\n"


def test_a_network_that_needs_more_than_the_usual_size_is_shown_at_a_larger_one() -> None:
    layers = "layers:\n  a: {op: conv1d, filters: 2, kernel: 1500}\n  b: {op: avg_pool1d, kernel: 4, stride: 4}\n"
    facts = analyse(f"{ROWS}{layers}".encode(), "a.yaml").facts
    assert facts is not None and facts.free is not None
    assert [(axis.symbol, axis.usual, axis.first) for axis in facts.free.axes] == [("L", 2048, 1503)]
    assert str(facts.graph.node("b").output) == "2 × floor((L - 1499) / 4)"


def test_an_error_that_no_size_mends_is_that_at_the_usual_size() -> None:
    layers = "layers:\n  a: {op: conv1d, filters: 3, kernel: 3, groups: 2, weight_init: he_normal}\n"
    assert codes(layers.partition("\n")[2], ROWS.partition("defaults")[0]) == ["ARC210"]
