"""The figure of a study as SVG, by matplotlib: the mean over the seeds of each spec, and the range of them.

The same runs give the same bytes.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from io import StringIO
from statistics import mean
from typing import TYPE_CHECKING, Literal

from archc.history.curves import COLOURS, INK, POINTS, STYLE
from archc.study.gradients import recorded
from archc.study.norms_figure import draw_norms
from archc.study.results import Arm, Results, Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curve = Sequence[tuple[int, float]]


def figure(found: Results) -> str:
    """The figure of all specs: the training error and the held-out error by steps, and the recorded gradients."""
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
    norms = [recorded(arm) for arm in found.arms]
    columns = max(map(len, norms))  # of the panels with norms, if there are any
    height = 2.6 * (len(panels) + min(columns, 1)) + 0.22 * rows + 0.7
    drawn = Figure(figsize=(8, height), facecolor="white", layout="constrained")
    grid = drawn.add_gridspec(len(panels) + min(columns, 1), columns or 1)
    every = [drawn.add_subplot(grid[row, :]) for row in range(len(panels))]
    for axes in every[:-1]:
        axes.sharex(every[-1])
        axes.tick_params(labelbottom=False)
    for axes, (label, curve) in zip(every, panels, strict=True):
        axes.set(ylabel=label)
        for number, arm in enumerate(found.arms):
            _band(axes, arm, curve, *look(number))
        if later := [100 * error for arm in found.arms for run in arm.runs for error in _later(curve(run))]:
            least, most = min(later), max(later)
            room = max(0.08 * (most - least), 0.5)
            axes.set_ylim(least - room, most + room)
    if reach := found.study.reach:
        every[0].axhline(100 * reach.training_error, color=INK, linewidth=0.8, linestyle=":")
    last = max(run.history.steps[-1].step for arm in found.arms for run in arm.runs)
    every[-1].set(xlabel="step", xlim=(0, last * 1.01 + 1))
    below = [drawn.add_subplot(grid[-1, column]) for column in range(columns)]
    draw_norms(below, norms, [look(n) for n in range(len(norms))])
    drawn.align_ylabels([*every, *below[:1]])
    handles = [Line2D([], [], color=colour, linestyle=line) for colour, line in map(look, range(len(found.arms)))]
    # Of the axes, whose room is below the title: a legend of the figure would be drawn over it.
    names = [arm.name for arm in found.arms]
    every[0].legend(handles, names, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.3)
    title = drawn.suptitle(found.study.title or found.study.name, fontsize=10)
    title.set_parse_math(False)  # a dollar sign in a title is not a formula
    seeds = len(found.study.seeds)
    drawn.supxlabel(
        f"lines: the mean of {seeds} seeds; bands: the least and the most" if seeds > 1 else "one seed", fontsize=8
    )
    return drawn


def look(number: int) -> tuple[str, Literal["-", "--"]]:
    """The colour and the line of a spec."""
    return COLOURS[number % len(COLOURS)], "--" if number // len(COLOURS) % 2 else "-"


def _held_out(run: Run) -> Curve:
    return [(at, 1 - test.rate) for at, test in run.history.tests if test.rate is not None]


def _later(curve: Curve) -> list[float]:
    """A curve without its first tenth, whose fall is so long that it would hide what differs later."""
    return [value for at, value in curve if 10 * at >= curve[-1][0]]


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
