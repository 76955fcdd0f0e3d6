"""A table as plain lines, with columns as wide as their widest cell.

On a narrow terminal, columns are folded first, then the least important ones are omitted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from archc.diagnostics.text import Style, unstyled
from archc.wording import cells, wrapped

GAP = 2


class Column(NamedTuple):
    heading: str
    right: bool = False
    """Align cells to the right, as figures are."""
    least: int | None = None
    """The width that the column may be folded to in a table that is too wide. None: never folded. Figures, which are
    aligned to the right, are not broken to reach it."""
    leave: int = 0
    """When folding is not enough, columns are omitted from the highest number down. 0: never omitted."""


def least_width(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> int:
    """The width of the table, once folded."""
    least = _least(columns, rows)
    return sum(least) + GAP * (len(least) - 1)


def fitted(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    *,
    width: int,
    style: Style = unstyled,
    strong: int | None = None,
) -> Iterator[str]:
    """The lines of the table in `width` columns, then a note that names the columns that were omitted for that.

    The headings are dim, and the row numbered `strong` stands out.
    """
    kept = _fitting(columns, rows, width=width)
    headings, *drawn = table([columns[i] for i in kept], [[row[i] for i in kept] for row in rows], width=width)
    yield from (style(line, "dim") for line in headings)
    for number, lines in enumerate(drawn):
        yield from (style(line, "strong") if number == strong else line for line in lines)
    if hidden := [column.heading for place, column in enumerate(columns) if place not in kept]:
        note = f"columns hidden: {', '.join(hidden)}; use a wider terminal or `--output-format json`"
        yield from wrapped(note, width)


def _fitting(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, width: int) -> list[int]:
    """The indices of the columns that fit in `width`, once folded."""
    kept = list(range(len(columns)))
    while any(columns[i].leave for i in kept):
        if least_width([columns[i] for i in kept], [[row[i] for i in kept] for row in rows]) <= width:
            break
        kept.remove(max(kept, key=lambda i: columns[i].leave))
    return kept


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, width: int) -> list[list[str]]:
    """The lines of the headings, then of each row. They fit in `width` if folding can achieve that."""
    widths = _widths(columns, rows)
    widths = _folded(widths, _least(columns, rows), sum(widths) + GAP * (len(widths) - 1) - width)
    return [_row(columns, widths, row) for row in [_headings(columns), *rows]]


def _headings(columns: Sequence[Column]) -> tuple[str, ...]:
    return tuple(column.heading for column in columns)


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(cells, column)) for column in zip(_headings(columns), *rows, strict=True)]


def _least(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[int]:
    """The width that each column may be folded to."""
    least: list[int] = []
    for number, (column, full) in enumerate(zip(columns, _widths(columns, rows), strict=True)):
        words = (word for row in rows for word in row[number].split(" ")) if column.right else ()
        least.append(min(full, max([column.least or full, *map(cells, words)])))
    return least


def _folded(widths: list[int], least: list[int], excess: int) -> list[int]:
    """The widths reduced by `excess` in total, one column at a time from the widest column that folds."""
    widths = list(widths)
    while excess > 0:
        wide = [i for i, width in enumerate(widths) if width > least[i]]
        if not wide:
            break
        widths[max(wide, key=lambda i: widths[i])] -= 1
        excess -= 1
    return widths


def _row(columns: Sequence[Column], widths: list[int], row: Sequence[str]) -> list[str]:
    folded = [_fold(cell, width) for cell, width in zip(row, widths, strict=True)]
    lines: list[str] = []
    for parts in zip_longest(*folded, fillvalue=""):
        aligned = [
            _aligned(part, width, right=column.right)
            for part, width, column in zip(parts, widths, columns, strict=True)
        ]
        lines.append((" " * GAP).join(aligned).rstrip())
    return lines


def _aligned(text: str, width: int, *, right: bool) -> str:
    space = " " * (width - cells(text))
    return space + text if right else text + space


def _fold(cell: str, width: int) -> list[str]:
    """The lines of a cell, broken after commas if that is enough, else between words; of a path, after its points."""
    if cells(cell) <= width:
        return [cell]
    if " " not in cell and "." in cell:
        # `wrapped` breaks between words alone.
        return [line.replace(" ", "") for line in wrapped(cell.replace(".", ". "), width)]
    phrases = cell.split(", ")
    if max(map(cells, phrases)) >= width:
        return wrapped(cell, width)
    # `wrapped` does not break at a no-break space, which keeps a phrase on one line.
    unbroken = ", ".join(phrase.replace(" ", "\N{NO-BREAK SPACE}") for phrase in phrases)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in wrapped(unbroken, width)]
