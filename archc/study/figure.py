"""The figure of a study as SVG, by matplotlib: the mean over the seeds of each spec, and the range of them.

The same runs give the same bytes.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from io import StringIO
from statistics import mean
from typing import TYPE_CHECKING

from archc.history.curves import COLOURS, INK, POINTS, STYLE
from archc.study.results import Arm, Results, Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curve = Sequence[tuple[int, float]]


def figure(found: Results) -> str:
    """The figure of all specs: the training error and the held-out error by steps."""
    import matplotlib as mpl

    with mpl.rc_context({**mpl.rcParamsDefault, **STYLE}), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # letters that matplotlib's font lacks are text in the file all the same
        drawn, out = _drawn(found), StringIO()
        title = found.study.title or found.study.name
        drawn.savefig(out, format="svg", metadata={"Date": None, "Creator": "archc study", "Title": title})
    return out.getvalue()


def _drawn(found: Results) -> Figure:
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    panels: list[tuple[str, Callable[[Run], Curve]]] = [("training error, %", lambda run: run.curve)]
    panels.append(("held-out error, %", _held_out))
    rows = -(-len(found.arms) // 3)  # of the legend
    drawn = Figure(figsize=(8, 2.6 * len(panels) + 0.22 * rows + 0.7), facecolor="white", layout="constrained")
    every = drawn.subplots(len(panels), sharex=True, squeeze=False)[:, 0]
    for axes, (label, curve) in zip(every, panels, strict=True):
        axes.set(ylabel=label, ylim=(-3, 103))
        for number, arm in enumerate(found.arms):
            _band(axes, arm, curve, COLOURS[number % len(COLOURS)], "--" if number // len(COLOURS) % 2 else "-")
    if reach := found.study.reach:
        every[0].axhline(100 * reach.training_error, color=INK, linewidth=0.8, linestyle=":")
    last = max(run.history.steps[-1].step for arm in found.arms for run in arm.runs)
    every[-1].set(xlabel="step", xlim=(0, last * 1.01 + 1))
    drawn.align_ylabels()
    handles = [
        Line2D([], [], color=COLOURS[n % len(COLOURS)], linestyle="--" if n // len(COLOURS) % 2 else "-")
        for n in range(len(found.arms))
    ]
    drawn.legend(handles, [arm.name for arm in found.arms], loc="outside upper left", ncols=3)
    title = drawn.suptitle(found.study.title or found.study.name, fontsize=10)
    title.set_parse_math(False)  # a dollar sign in a title is not a formula
    seeds = len(found.study.seeds)
    drawn.supxlabel(
        f"lines: the mean of {seeds} seeds; bands: the least and the most" if seeds > 1 else "one seed", fontsize=8
    )
    return drawn


def _held_out(run: Run) -> Curve:
    return [(at, 1 - test.rate) for at, test in run.history.tests if test.rate is not None]


def _band(axes: Axes, arm: Arm, curve: Callable[[Run], Curve], colour: str, line: str) -> None:
    """The mean of the runs where all have a value, and the range of them."""
    found = [dict(curve(run)) for run in arm.runs]
    steps = sorted(set(found[0]).intersection(*found[1:]))
    steps = steps[:: -(-len(steps) // POINTS) or 1]
    if not steps:
        return
    values = [[100 * each[at] for each in found] for at in steps]
    axes.plot(
        steps, [mean(each) for each in values], line, color=colour, linewidth=1.5, marker="." if len(steps) < 30 else ""
    )
    if len(found) > 1:
        axes.fill_between(steps, [min(v) for v in values], [max(v) for v in values], color=colour, alpha=0.18, lw=0)
