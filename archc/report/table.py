"""A table as plain lines: columns as wide as what they hold, folded where the terminal is too narrow for that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

GAP = 2


@dataclass(frozen=True)
class Column:
    heading: str
    right: bool = False
    """Figures stand at the right."""
    least: int | None = None
    """The width down to which it is folded where the table is too wide; None: not at all."""


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, width: int) -> list[list[str]]:
    """The lines of the headings and of each row, of `width` characters at most where folding can do that."""
    everything = [tuple(column.heading for column in columns), *rows]
    widths = [max(map(len, cells)) for cells in zip(*everything, strict=True)]
    widths = _folded(columns, widths, sum(widths) + GAP * (len(widths) - 1) - width)
    return [_row(columns, widths, cells) for cells in everything]


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
    folded = [[cell] if len(cell) <= width else wrap(cell, width) for cell, width in zip(cells, widths, strict=True)]
    lines: list[str] = []
    for number in range(max(map(len, folded))):
        parts = [cell[number] if number < len(cell) else "" for cell in folded]
        aligned = (
            part.rjust(width) if column.right else part.ljust(width)
            for part, width, column in zip(parts, widths, columns, strict=True)
        )
        lines.append((" " * GAP).join(aligned).rstrip())
    return lines
