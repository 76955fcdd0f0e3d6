"""A table as plain lines, its columns as wide as what they hold.

Where the terminal is too narrow for that, columns are folded, and the least needed left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from textwrap import wrap
from typing import NamedTuple

GAP = 2


class Column(NamedTuple):
    heading: str
    right: bool = False
    """Figures stand at the right."""
    least: int | None = None
    """The width down to which it is folded where the table is too wide; None: not at all."""
    leave: int = 0
    """The columns of the highest number are left out first where folding is not enough; 0: never left out."""


def fitting(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, width: int) -> list[int]:
    """The places of the columns that `width` characters have room for, folded or not."""
    widths = _widths(columns, rows)
    least = [min(full, column.least or full) for column, full in zip(columns, widths, strict=True)]
    kept = list(range(len(columns)))
    while sum(least[i] for i in kept) + GAP * (len(kept) - 1) > width and any(columns[i].leave for i in kept):
        kept.remove(max(kept, key=lambda i: columns[i].leave))
    return kept


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, width: int) -> list[list[str]]:
    """The lines of the headings and of each row, of `width` characters at most where folding can do that."""
    widths = _widths(columns, rows)
    widths = _folded(columns, widths, sum(widths) + GAP * (len(widths) - 1) - width)
    return [_row(columns, widths, cells) for cells in [_headings(columns), *rows]]


def _headings(columns: Sequence[Column]) -> tuple[str, ...]:
    return tuple(column.heading for column in columns)


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, cells)) for cells in zip(_headings(columns), *rows, strict=True)]


def _folded(columns: Sequence[Column], widths: list[int], excess: int) -> list[int]:
    """The widths less what is too much, taken from the widest of the columns that fold."""
    widths = list(widths)
    while excess > 0:
        wide = [i for i, column in enumerate(columns) if column.least is not None and widths[i] > column.least]
        if not wide:
            break
        widths[max(wide, key=lambda i: widths[i])] -= 1
        excess -= 1
    return widths


def _row(columns: Sequence[Column], widths: list[int], cells: Sequence[str]) -> list[str]:
    folded = [_fold(cell, width) for cell, width in zip(cells, widths, strict=True)]
    lines: list[str] = []
    for parts in zip_longest(*folded, fillvalue=""):
        aligned = [
            part.rjust(width) if column.right else part.ljust(width)
            for part, width, column in zip(parts, widths, columns, strict=True)
        ]
        lines.append((" " * GAP).join(aligned).rstrip())
    return lines


def _fold(cell: str, width: int) -> list[str]:
    """The lines of a cell: broken after commas where that is enough, between words where it is not."""
    if len(cell) <= width:
        return [cell]
    phrases = cell.split(", ")
    if max(map(len, phrases)) >= width:
        return wrap(cell, width)
    # textwrap does not break at a no-break space.
    unbroken = ", ".join(phrase.replace(" ", "\N{NO-BREAK SPACE}") for phrase in phrases)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in wrap(unbroken, width)]
