"""A graph in columns from left to right. Each box comes after the boxes that it reads, and few lines cross.

This is the layered method of Sugiyama, Tagawa and Toda (1981): boxes are ranked by the longest path, a value gets a
wire in each column that it passes, and each column is ordered by sweeps over the barycentres of its neighbours.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from archc.figure.boxes import Box

_SWEEPS = 4


class Place(NamedTuple):
    """A box in its own column, or in a later column the wire that carries the box's value."""

    name: str
    column: int


Columns = tuple[tuple[Place, ...], ...]


class Columned(NamedTuple):
    """The places of each column from top to bottom. `sources`: for each place, the places in the previous column that
    lead to it. `ranks`: the column of each box."""

    columns: Columns
    sources: Mapping[Place, tuple[Place, ...]]
    ranks: Mapping[str, int]

    def is_wire(self, place: Place) -> bool:
        return self.ranks[place.name] != place.column


def ranks(boxes: Iterable[Box]) -> dict[str, int]:
    """The column of each box: the longest path to it from the input."""
    found: dict[str, int] = {}
    for box in boxes:
        found[box.name] = max((found[name] for name in box.reads), default=-1) + 1
    return found


def last_readers(boxes: Iterable[Box], ranks: Mapping[str, int]) -> dict[str, int]:
    """For each box, the last column that reads it, or its own column if none does."""
    found = dict(ranks)
    for box in boxes:
        for name in box.reads:
            found[name] = max(found[name], ranks[box.name])
    return found


def places(boxes: tuple[Box, ...]) -> int:
    """The number of places in all columns, including wires, which decides the cost of drawing."""
    rank = ranks(boxes)
    last = last_readers(boxes, rank)
    return len(rank) + sum(max(last[name] - rank[name] - 1, 0) for name in rank)


def in_columns(boxes: tuple[Box, ...]) -> Columned:
    """The ordered columns of all boxes and wires."""
    rank = ranks(boxes)
    last = last_readers(boxes, rank)
    found: list[list[Place]] = [[] for _ in range(max(rank.values()) + 1)]
    sources: dict[Place, tuple[Place, ...]] = {}
    for box in boxes:
        column = rank[box.name]
        found[column].append(Place(box.name, column))
        sources[found[column][-1]] = tuple(Place(name, column - 1) for name in box.reads)
        for passed in range(column + 1, last[box.name]):
            found[passed].append(Place(box.name, passed))
            sources[found[passed][-1]] = (Place(box.name, passed - 1),)
    return Columned(_ordered(found, sources), sources, rank)


def readers(sources: Mapping[Place, tuple[Place, ...]]) -> dict[Place, list[Place]]:
    """For each place, the places in the next column that it leads to."""
    found: dict[Place, list[Place]] = {place: [] for place in sources}
    for place, before in sources.items():
        for source in before:
            found[source].append(place)
    return found


def _ordered(columns: list[list[Place]], sources: Mapping[Place, tuple[Place, ...]]) -> Columns:
    """The order with the fewest crossings that alternating sweeps to the right and to the left find."""
    after = readers(sources)
    best = tuple(map(tuple, columns))
    fewest = crossings(best, sources)
    for sweep in range(2 * _SWEEPS):
        if not fewest:
            break
        if sweep % 2 == 0:
            for before, column in pairwise(columns):
                _order_by(sources, before, column)
        else:
            for column, behind in reversed(list(pairwise(columns))):
                _order_by(after, behind, column)
        now = crossings(columns, sources)
        if now < fewest:
            best, fewest = tuple(map(tuple, columns)), now
    return best


def _order_by(neighbours: Mapping[Place, Sequence[Place]], beside: list[Place], column: list[Place]) -> None:
    """Order a column by the mean position of each place's neighbours in the adjacent column."""
    there = {place: at for at, place in enumerate(beside)}
    here = {place: at for at, place in enumerate(column)}
    column.sort(key=lambda place: _mean([there[other] for other in neighbours[place]], here[place]))


def _mean(numbers: list[int], otherwise: int) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise


def crossings(columns: Iterable[Iterable[Place]], sources: Mapping[Place, tuple[Place, ...]]) -> int:
    """The number of crossing pairs of lines between adjacent columns."""
    found = 0
    before: dict[Place, int] = {}
    for column in columns:
        seen: list[int] = []  # sorted ends of the lines to places above this one
        for place in column:
            ends = sorted(before[source] for source in sources[place])
            found += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
        before = {place: at for at, place in enumerate(column)}
    return found
