"""What came out of a study as a table: a row for each spec, with the mean and the spread over its seeds."""

from __future__ import annotations

from archc.report.table import Column, fitted
from archc.study.results import Arm, Results, Spread
from archc.wording import counted


def study(found: Results, *, width: int) -> str:
    """The table, and what it shows."""
    reach = found.study.reach
    columns = [
        Column("run", least=8),
        Column("seeds", right=True, leave=2),
        Column("training loss", right=True, leave=1),
        Column("training error", right=True),
        Column("held-out error", right=True),
    ]
    if reach:
        columns += [Column(f"steps to {_percent(reach.training_error)}", right=True), Column("times", right=True)]
    lines = fitted(columns, [_row(found, arm) for arm in found.arms], width=width)
    return "\n".join((*lines, "", *_notes(found)))


def _row(found: Results, arm: Arm) -> tuple[str, ...]:
    diverged = sum(run.status == "diverged" for run in arm.runs)
    row = (
        arm.name,
        f"{len(arm.runs)}" + (f", {diverged} diverged" if diverged else ""),
        _number(arm.spread(lambda run: run.loss), "{:.3f}"),
        _number(arm.spread(lambda run: run.error), "{:.1f} %", 100),
        _number(arm.spread(lambda run: run.held_out_error), "{:.1f} %", 100),
    )
    if not found.study.reach:
        return row
    reached = sum(run.reached is not None for run in arm.runs)
    steps = _number(arm.reached, "{:,.0f}") or f"{reached} of {len(arm.runs)} reach it"
    return (*row, steps, "" if arm is found.arms[0] else _number(found.sooner(arm), "{:.2f}"))


def _number(spread: Spread | None, form: str, times: float = 1) -> str:
    """`12.3 ± 0.4 %`."""
    if spread is None:
        return ""
    number, _, unit = form.format(spread.mean * times).partition(" ")
    of = "" if spread.deviation is None else f" ± {form.format(spread.deviation * times).partition(' ')[0]}"
    return f"{number}{of}{' ' * bool(unit)}{unit}"


def _notes(found: Results) -> list[str]:
    reach = found.study.reach
    seeds = counted(len(found.study.seeds), "seed")
    notes = [f"mean ± standard deviation over {seeds}" if len(found.study.seeds) > 1 else "of one seed: no spread"]
    if reach:
        window = counted(reach.window, "batch", "batches")
        notes.append(f"training error: the mean of the last {window}")
        if len(found.arms) > 1:
            notes.append(f"times: the steps to {_percent(reach.training_error)} over those of {found.arms[0].name}")
    return notes


def _percent(share: float) -> str:
    return f"{100 * share:g} %"
