"""The runs in a folder as a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from archc.history.outcomes import Outcome
from archc.report.table import Column, fitted
from archc.wording import counted, duration, visible

_COLUMNS = (
    Column("run", least=12),
    Column("status", least=11),
    Column("spec", least=12, leave=5),
    Column("backend", leave=4),
    Column("steps", right=True, leave=2),
    Column("held-out", right=True),
    Column("took", right=True, leave=3),
    Column("started", leave=1),
)


def runs(found: Sequence[Outcome], *, width: int, zone: tzinfo | None = None) -> str:
    """A row for each run, with times in a zone, by default that of the machine."""
    return "\n".join(fitted(_COLUMNS, [_row(each, zone) for each in found], width=width))


def _row(found: Outcome, zone: tzinfo | None) -> tuple[str, ...]:
    steps = f"{found.step:,} of {found.steps:,}" if found.steps else ""
    started = f"{found.started.astimezone(zone):%Y-%m-%d %H:%M}" if found.started else ""
    row = (
        found.run.name or str(found.run),
        ", ".join([found.status, *_remarks(found)]),
        found.spec or "",
        found.backend or "",
        steps,
        _held_out(found),
        duration(found.seconds) if found.seconds is not None else "",
        started,
    )
    return tuple(map(visible, row))


def _remarks(found: Outcome) -> list[str]:
    remarks = [found.problem] if found.problem else []
    if found.fast_dev_run:
        remarks.append("fast dev run")
    if found.overfit_batches:
        remarks.append(f"overfits {counted(found.overfit_batches, 'batch', 'batches')}")
    return remarks


def _held_out(found: Outcome) -> str:
    """`93.8 %`, or `loss 0.52` without classes; a test after an epoch that is not the final one says so."""
    if (test := found.held_out) is None:
        return ""
    if test.rate is not None:
        score = f"{100 * test.rate:.1f} %"
    else:
        score = "" if test.loss is None else f"loss {test.loss:.4g}"
    return score if test.event == "end" else f"{score} so far"
