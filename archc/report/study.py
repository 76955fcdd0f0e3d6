"""What came out of a study as a table: a row for each spec, with the mean and the spread over its seeds."""

from __future__ import annotations

from math import floor, log10

from archc.report.table import Column, fitted
from archc.study.gradients import Norms, recorded
from archc.study.results import Arm, Results, Spread
from archc.wording import counted, joined

NOISE = 1e-9
"""A deviation that is a smaller part of the mean comes from rounding."""


def study(found: Results, *, width: int) -> str:
    """The table, and what it shows."""
    reach = found.study.reach
    columns = [Column("run", least=8), Column("seeds", right=True, leave=2)]
    if found.has_classes:
        columns.append(Column("training loss", right=True, leave=1))
        columns += [Column(name, right=True) for name in ("training error", "held-out error")]
    else:
        columns += [Column(name, right=True) for name in ("training loss", "held-out loss")]
    if reach:
        columns.append(Column(f"steps to {_percent(reach.training_error)}", right=True))
    if reach and len(found.arms) > 1:
        columns.append(Column("times", right=True))
    lines = fitted(columns, [_row(found, arm) for arm in found.arms], width=width)
    return "\n".join((*lines, *_gradients(found, width=width), "", *_notes(found)))


def _row(found: Results, arm: Arm) -> list[str]:
    row = [arm.name, f"{len(arm.runs)}" + (f", {arm.diverged} diverged" if arm.diverged else "")]
    row.append(scientific(arm.spread(lambda run: run.loss), 3))
    if found.has_classes:
        row.append(number(arm.spread(lambda run: run.error), 1, times=100, unit=" %"))
        row.append(number(arm.spread(lambda run: run.held_out_error), 1, times=100, unit=" %"))
    else:
        row.append(scientific(arm.spread(lambda run: run.held_out_loss), 3))
    if found.study.reach:
        reached = sum(run.reached is not None for run in arm.runs)
        row.append(number(arm.reached, 0) or f"{reached} of {len(arm.runs)} reach it")
    if found.study.reach and len(found.arms) > 1:
        row.append("" if arm is found.arms[0] else number(found.sooner(arm), 2))
    return row


def _gradients(found: Results, *, width: int) -> list[str]:
    """The norms of the gradients of the first and the last layer, in the first recorded step; empty without them."""
    firsts = {arm.name: norms[0] for arm in found.arms if (norms := recorded(arm))}
    if not firsts:
        return []
    columns = [
        Column("run", least=8),
        Column("first layer", right=True),
        Column("last layer", right=True),
        Column("first / last", right=True),
    ]
    steps = joined([f"{step:,}" for step in sorted({each.step for each in firsts.values()})])
    lines = fitted(columns, [(name, *_norms(each)) for name, each in firsts.items()], width=width)
    return ["", f"norms of the layers' gradients at step {steps}:", *lines]


def _norms(found: Norms) -> tuple[str, ...]:
    ends = (f"{name} {scientific(Spread.of(found.layers[name]))}" for name in found.ends)
    return (*ends, scientific(found.ratio) or "the last is 0")


def number(spread: Spread | None, decimals: int, *, times: float = 1, unit: str = "") -> str:
    """`12.3 ± 0.4 %`: one or two digits of the deviation, and as many decimals of the mean.

    `decimals` are those of a number without a deviation, and where they show one or two digits of it.
    """
    if spread is None:
        return ""
    mean, deviation = spread.mean * times, (spread.deviation or 0) * times
    if deviation > NOISE * abs(mean):
        place = floor(log10(float(f"{deviation:.1e}")))  # of its first digit, once rounded
        decimals = max(min(max(decimals, -place), 1 - place), 0)
    of = "" if spread.deviation is None else f" ± {deviation:,.{decimals}f}"
    return f"{mean:,.{decimals}f}{of}{unit}"


def scientific(spread: Spread | None, decimals: int = 2) -> str:
    """A number of any size: `0.0123 ± 0.0004`, or `(1.2 ± 0.4)e-07`. `decimals` are those of a number from 1 to 10."""
    exponent = floor(log10(abs(spread.mean))) if spread and spread.mean else 0
    if spread is None or -4 <= exponent <= 4:
        return number(spread, max(decimals - exponent, 0))
    own = number(spread, decimals, times=10.0**-exponent)
    return f"{own}e{exponent:+03d}" if spread.deviation is None else f"({own})e{exponent:+03d}"


def _notes(found: Results) -> list[str]:
    reach = found.study.reach
    seeds = counted(len(found.study.seeds), "seed")
    without = ", without the runs that diverged" if any(arm.diverged for arm in found.arms) else ""
    several = len(found.study.seeds) > 1
    notes = [f"mean ± standard deviation over {seeds}{without}" if several else "of one seed: no spread"]
    if reach:
        window = counted(reach.window, "batch", "batches")
        notes.append(f"training error: the mean of the last {window}")
        if len(found.arms) > 1:
            notes.append(f"times: the steps to {_percent(reach.training_error)} over those of {found.arms[0].name}")
    return notes


def _percent(share: float) -> str:
    return f"{100 * share:g} %"
