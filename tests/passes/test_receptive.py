"""Receptive fields: AlexNet's, and of any graph those that are found by following a marked pixel through it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from archc.analysis import Analysis, Facts, analyse
from archc.conformance.reference import evaluate
from archc.ops.fields import Size
from archc.passes.receptive import ReceptiveField

ALEXNET = Path(__file__).parents[2] / "specs" / "alexnet.yaml"

Check = Callable[..., Analysis]
Steps = list[tuple[str, int, int, int]]


def facts_of(analysis: Analysis) -> Facts:
    assert analysis.facts is not None, analysis.findings
    return analysis.facts


def field(facts: Facts, layer: str) -> ReceptiveField:
    found = facts.receptive_fields[layer]
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("layer", "size", "stride"),
    [("conv1", 11, 4), ("norm1", 11, 4), ("pool1", 19, 8), ("conv2", 51, 8), ("pool2", 67, 16), ("conv5", 163, 16)],
)
def test_alexnet_as_in_the_literature(layer: str, size: int, stride: int) -> None:
    """The figures of Araujo, Norris and Sim (2019) end at 195 and 32, after pool5."""
    facts = facts_of(analyse(ALEXNET.read_bytes(), "alexnet.yaml"))
    assert (field(facts, layer).size, field(facts, layer).stride) == (Size(size, size), Size(stride, stride))
    assert (field(facts, "pool5").size, field(facts, "pool5").stride) == (Size(195, 195), Size(32, 32))
    for vector in ("flat", "fc6", "relu6", "prob"):
        assert field(facts, vector) == ReceptiveField(Size(227, 227), (0, 0), None)


def marked(steps: list[str], places: int, axis: int) -> tuple[NDArray[np.bool_], Facts]:
    """Whether a row or column of an image reaches a place of the last layer: (pixel, place).

    The image has `places` pixels in that direction. The mark is a nan: whatever reads one is one.
    """
    image = [1, places, 1] if axis == 0 else [1, 1, places]
    text = f"schema: archc/v1\nname: a\ninput: {{image: {image}}}\nlayers:\n" + "".join(f"  {step}\n" for step in steps)
    facts = facts_of(analyse(text.encode(), "a.yaml"))
    pictures = np.zeros((places, *image))
    pictures.reshape(places, places)[np.diag_indices(places)] = np.nan
    weights = {
        f"{node.name}.weight": np.ones(parameter.shape)
        for node in facts.graph.nodes
        for parameter in node.op.parameters(facts.graph.tensors(node.inputs))
    }
    last = evaluate(facts.graph, weights, pictures)[facts.graph.nodes[-1].name]
    return np.isnan(last).reshape(places, -1), facts


def windows(axis: int) -> st.SearchStrategy[str]:
    """A layer that slides a window in one direction, as text without its name and what it reads."""

    def pair(along: int, across: int = 1) -> str:
        return f"[{along}, {across}]" if axis == 0 else f"[{across}, {along}]"

    def conv(kernel: int, stride: int, dilation: int, before: int, after: int) -> str:
        sides = ("top", "bottom", "left", "right") if axis == 0 else ("left", "right", "top", "bottom")
        padding = ", ".join(f"{side}: {n}" for side, n in zip(sides, (before, after, 0, 0), strict=True))
        return (
            f"op: conv2d, filters: 1, kernel: {pair(kernel)}, stride: {pair(stride)}, dilation: {pair(dilation)}, "
            f"padding: {{{padding}}}, bias: false, weight_init: {{he_normal: {{}}}}"
        )

    def pool(kernel: int, stride: int, rounding: str) -> str:
        return f"op: max_pool2d, kernel: {pair(kernel)}, stride: {pair(stride)}, rounding: {rounding}"

    def norm(size: int) -> str:
        return f"op: lrn, size: {size}, alpha: 1, beta: 1, k: 1, scope: spatial"

    small = st.integers(1, 3)
    margin = st.integers(0, 3)
    return st.one_of(
        st.builds(conv, st.integers(1, 4), small, small, margin, margin),
        st.builds(pool, st.integers(1, 4), small, st.sampled_from(["floor", "ceil"])),
        st.builds(norm, st.integers(1, 5)),
    )


@given(data=st.data(), axis=st.sampled_from([0, 1]))
def test_a_place_far_from_the_edges_sees_what_the_field_says(data: st.DataObject, axis: int) -> None:
    steps = [f"l{i}: {{{body}}}" for i, body in enumerate(data.draw(st.lists(windows(axis), min_size=1, max_size=3)))]
    reached, facts = marked(steps, 240, axis)
    found = field(facts, f"l{len(steps) - 1}")
    assert found.stride is not None
    place = reached.shape[1] // 2
    pixels = np.flatnonzero(reached[:, place])
    first = found.start[axis] + place * found.stride[axis]
    assert (pixels[0], pixels[-1] + 1) == (first, first + found.size[axis])


def test_what_several_paths_see_together(check: Check) -> None:
    facts = facts_of(
        check(
            "near: {op: conv2d, filters: 2}",
            "far: {op: conv2d, filters: 2, dilation: 2, padding: 2, from: image}",
            "aside: {op: max_pool2d, kernel: 3, stride: 1, from: image, "
            "padding: {top: 0, bottom: 2, left: 2, right: 0}}",
            "joined: {op: concat, from: [near, far, aside]}",
        )
    )
    assert field(facts, "joined") == ReceptiveField(Size(5, 5), (-2, -2), Size(1, 1))
    assert field(facts, "aside") == ReceptiveField(Size(3, 3), (0, -2), Size(1, 1))


UNEQUAL = (
    "fine: {op: conv2d, filters: 1, kernel: 5, padding: 0, from: image}",
    "coarse: {op: max_pool2d, kernel: 2, stride: 2, from: image}",
    "sum: {op: add, from: [fine, coarse]}",
    "after: {op: conv2d, filters: 1, kernel: 2, padding: 0}",
)


def test_where_strides_are_unequal_the_field_is_the_largest_and_has_no_stride(check: Check) -> None:
    facts = facts_of(check(*UNEQUAL, image="[1, 8, 8]"))
    # Place i of the sum sees i to i + 4 and 2 i to 2 i + 1: the first five pixels, and 3 to 7 at the end.
    assert field(facts, "sum") == ReceptiveField(Size(5, 5), (0, 0), None)
    # Place i after it sees i to i + 5 and 2 i to 2 i + 3.
    assert field(facts, "after") == ReceptiveField(Size(6, 6), (0, 0), None)


@pytest.mark.parametrize(
    ("padding", "start"),
    [("{top: 0, bottom: 1, left: 0, right: 1}", 0), ("{top: 1, bottom: 0, left: 1, right: 0}", -1)],
)
def test_the_largest_field_may_be_at_either_end(check: Check, padding: str, start: int) -> None:
    """Beside i to i + 4 of the other path: 2 i to 2 i + 2, which is 3 to 8 for the last; or 2 i - 1 to 2 i + 1."""
    coarse = f"coarse: {{op: max_pool2d, kernel: 3, stride: 2, padding: {padding}, from: image}}"
    facts = facts_of(check(UNEQUAL[0], coarse, UNEQUAL[2], image="[1, 8, 8]"))
    assert field(facts, "sum") == ReceptiveField(Size(6, 6), (start, start), None)


@given(fine=st.integers(1, 4), coarse=st.integers(1, 4), stride=st.integers(2, 4), places=st.integers(2, 6))
def test_unequal_strides_by_following_pixels(fine: int, coarse: int, stride: int, places: int) -> None:
    """Both paths give `places` places: one by steps of `stride`, one by a window as long as what those skip."""
    image = (places - 1) * stride + coarse
    steps = [
        f"coarse: {{op: max_pool2d, kernel: [{coarse}, 1], stride: [{stride}, 1], from: image}}",
        f"all: {{op: max_pool2d, kernel: [{image - places + 1}, 1], stride: 1, from: image}}",
        "sum: {op: add, from: [coarse, all]}",
        f"last: {{op: max_pool2d, kernel: [{min(fine, places)}, 1], stride: 1}}",
    ]
    reached, facts = marked(steps, image, axis=0)
    lengths = [np.ptp(np.flatnonzero(column)) + 1 for column in reached.T]
    assert field(facts, "last").size.height == max(lengths)


def test_more_strides_than_any_network_has_are_not_followed(check: Check) -> None:
    layers = ["l0: {op: max_pool2d, kernel: 1, stride: 1}"]
    for i in range(1, 9):
        layers += [
            f"l{i}a: {{op: max_pool2d, kernel: 4, stride: 2, padding: 2, from: l{i - 1}}}",
            f"l{i}: {{op: add, from: [l{i - 1}, l{i}a]}}",
        ]
    facts = facts_of(check(*layers, "flat: {op: flatten}", image="[1, 2, 2]"))
    assert field(facts, "l7").stride is None
    assert facts.receptive_fields["l8"] is None
    assert field(facts, "flat").size == Size(2, 2)


def test_a_field_larger_than_any_picture_is_none(check: Check) -> None:
    layers = [f"l{i}: {{op: max_pool2d, kernel: 1000, stride: 999, padding: 999, rounding: ceil}}" for i in range(6)]
    found = facts_of(check(*layers, image="[1, 2, 2]")).receptive_fields
    assert found["l1"] is not None
    assert found["l5"] is None
