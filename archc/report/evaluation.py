"""The scores of trained weights, as a table of classes with the totals below, and the confusion as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from archc.inference.outcome import Evaluation
from archc.report.table import Column, fitted
from archc.wording import counted, visible

Named = Callable[[int], str]
"""The name of the class of an output."""


def percent(part: int, of: int) -> str:
    """`12.5 %`."""
    return f"{100 * part / of:.1f} %"


def evaluation(found: Evaluation, name: Named, *, example: str, width: int) -> str:
    """A row for each class that occurs, then one for all, and the loss."""
    if not found.classes:
        return "\n".join(_figures(found))
    what = f"{example}s" if found.count == found.examples else "positions"
    columns = (Column("class", least=8), *(Column(each, right=True) for each in (what, "top-1", "top-5")))
    rows = [_row(visible(name(each.index)), each.count, each.top1, each.top5) for each in found.classes]
    assert found.top1 is not None and found.top5 is not None  # as the loss has classes
    rows.append(_row("all", found.count, found.top1, found.top5))
    return "\n".join([*fitted(columns, rows, width=width), f"loss {found.loss:.4g}"])


def _row(name: str, count: int, top1: int, top5: int) -> tuple[str, ...]:
    return name, f"{count:,}", percent(top1, count), percent(top5, count)


def _figures(found: Evaluation) -> list[str]:
    """The figures of a loss without classes."""
    values = counted(found.count, "value")
    hits = [] if found.top1 is None else [f"accuracy {percent(found.top1, found.count)} of {values}"]
    return [*hits, f"loss {found.loss:.4g}" + ("" if hits else f", the mean over {values}")]


def confusion(found: Evaluation, name: Named, classes: int) -> str:
    """The confusion as CSV: a row for each class, a column for each predicted class, in the order of the outputs.

    These are the first `classes` outputs, which have names, and the others that occur.
    """
    rows = sorted({*range(classes), *(each.index for each in found.confusion)})
    columns = sorted({*rows, *(each.predicted for each in found.confusion)})
    counts = {(each.index, each.predicted): each.count for each in found.confusion}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["class", *map(name, columns)])
    writer.writerows([name(row), *(counts.get((row, column), 0) for column in columns)] for row in rows)
    return text.getvalue()
