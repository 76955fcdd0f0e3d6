"""Columns in rows, as words in lines: where a row ends, and where each of its columns stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_LEAST_FILLED = 0.5


class Row(NamedTuple):
    """Columns `first` to `last`, both included, and the left edge of each."""

    first: int
    last: int
    lefts: tuple[float, ...]


def in_rows(widths: Sequence[float], lines: Sequence[int], *, gap: float, room: float) -> list[Row]:
    """Rows that keep to the room, ended where few lines go on. `lines[n]`: how many lead from column n to the next."""
    rows: list[Row] = []
    first = 0
    while first < len(widths):
        fits = first
        taken = widths[first]
        while fits + 1 < len(widths) and taken + gap + widths[fits + 1] <= room:
            fits += 1
            taken += gap + widths[fits]
        last = fits
        if fits < len(widths) - 1:
            least = first + int(_LEAST_FILLED * (fits - first))
            last = min(range(fits, least - 1, -1), key=lambda column: lines[column])
        rows.append(Row(first, last, _lefts(widths[first : last + 1], gap)))
        first = last + 1
    return rows


def _lefts(widths: Sequence[float], gap: float) -> tuple[float, ...]:
    lefts = [0.0]
    for width in widths[:-1]:
        lefts.append(lefts[-1] + width + gap)
    return tuple(lefts)
