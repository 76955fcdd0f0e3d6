"""Columns broken into rows, as words into lines: the end of each row, and the position of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_LEAST_FILLED = 0.5


class Row(NamedTuple):
    """The columns `first` to `last`, inclusive, and the left edge of each."""

    first: int
    last: int
    lefts: tuple[float, ...]


def in_rows(widths: Sequence[float], lines: Sequence[int], *, gap: float, room: float) -> list[Row]:
    """Rows that fit the room, broken where few lines cross. `lines[n]`: the lines from column n to the next."""
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
            # A row may end early, from half of the columns that fit, if fewer lines lead on from there.
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
