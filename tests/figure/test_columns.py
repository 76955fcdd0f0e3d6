"""Columns and heights: every line leads to the next column, few lines cross, and nothing overlaps."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archc.analysis import analyse
from archc.figure.boxes import Box, boxes
from archc.figure.columns import Place, crossings, in_columns, places
from archc.figure.heights import heights
from archc.outline import outline
from archc.tensor import Tensor

TENSOR = Tensor((3, 8, 8))


@st.composite
def dags(draw: st.DrawFn) -> tuple[Box, ...]:
    """An input and boxes that each read one to three of those before."""
    names = ["input"]
    found = [Box("input", TENSOR, (), ())]
    for number in range(draw(st.integers(1, 25))):
        reads = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
        found.append(Box(f"b{number}", TENSOR, (), tuple(reads)))
        names.append(f"b{number}")
    return tuple(found)


@given(dags())
def test_each_line_leads_from_the_column_before(found: tuple[Box, ...]) -> None:
    columned = in_columns(found)
    standing = {place: number for number, column in enumerate(columned.columns) for place in column}
    assert len(standing) == places(found) == sum(map(len, columned.columns))
    for place, sources in columned.sources.items():
        assert standing[place] == place.column
        assert all(standing[source] == place.column - 1 for source in sources)
    for box in found:
        reached = {source.name for source in columned.sources[Place(box.name, columned.ranks[box.name])]}
        assert reached == set(box.reads)


@given(dags())
def test_crossings_are_those_of_all_pairs_and_not_more_than_before(found: tuple[Box, ...]) -> None:
    columned = in_columns(found)
    count = 0
    for before, column in pairwise(columned.columns):
        lines = [(before.index(s), at) for at, place in enumerate(column) for s in columned.sources[place]]
        count += sum((a - c) * (b - d) < 0 for (a, b), (c, d) in combinations(lines, 2))
    assert crossings(columned.columns, columned.sources) == count
    unordered = [sorted(column, key=list(columned.sources).index) for column in columned.columns]
    assert count <= crossings(unordered, columned.sources)


def test_a_crossing_that_need_not_be_is_not_there() -> None:
    a, b = Box("a", TENSOR, (), ("input",)), Box("b", TENSOR, (), ("input",))
    c, d = Box("c", TENSOR, (), ("b",)), Box("d", TENSOR, (), ("a",))
    columned = in_columns((Box("input", TENSOR, (), ()), a, b, c, d))
    assert crossings(columned.columns, columned.sources) == 0


@given(dags(), st.floats(0, 30))
def test_places_stand_apart(found: tuple[Box, ...], gap: float) -> None:
    columned = in_columns(found)
    extents = {place: (1.0 + place.column, 2.0 + len(place.name)) for column in columned.columns for place in column}
    lines = heights(columned, extents, gap=gap)
    for column in columned.columns:
        for above, below in pairwise(column):
            assert lines[below] - lines[above] >= extents[above][1] + gap + extents[below][0] - 1e-6


def test_a_chain_is_straight() -> None:
    chain = [Box("input", TENSOR, (), ()), Box("a", TENSOR, (), ("input",)), Box("b", TENSOR, (), ("a",))]
    columned = in_columns(tuple(chain))
    lines = heights(columned, {place: (5.0, 9.0) for (place,) in columned.columns}, gap=1)
    assert set(lines.values()) == {0.0}


CONV = "op: conv2d, filters: 3, kernel: 1, weight_init: {he_normal: {}}"
POOL = "op: max_pool2d, kernel: 2, stride: 2"


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ({"c": CONV, "r": "op: relu", "p": POOL}, {"c": ["c", "r", "p"]}),
        ({"r": "op: relu", "c": CONV}, {"r": ["r"], "c": ["c"]}),  # nothing is said beside the input
        ({"c": CONV, "r": "op: relu", "s": "op: add, from: [c, r]"}, {"c": ["c"], "r": ["r"], "s": ["s"]}),
    ],
)
def test_a_value_with_one_reader_joins_the_block_before(layers: dict[str, str], expected: dict[str, list[str]]) -> None:
    head = "schema: archc/v1\nname: x\ninput: {image: [3, 8, 8]}\nlayers:\n"
    found = analyse((head + "".join(f"  {n}: {{{f}}}\n" for n, f in layers.items())).encode(), "spec.yaml").facts
    assert found is not None
    drawn = {box.name: [part.name for part in box.parts] for box in boxes(found.graph, outline(found.graph))}
    assert drawn == {"image": [], **expected}
