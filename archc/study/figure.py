"""The figure of a study as SVG, by matplotlib: the mean over the seeds of each spec, and the range of them.

The same runs give the same bytes.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import mean
from textwrap import wrap
from typing import TYPE_CHECKING, Literal

from archc.history.curves import COLOURS, INK, POINTS, as_svg
from archc.study.gradients import recorded
from archc.study.norms_figure import draw_norms
from archc.study.results import Results, Run, averaged, window_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curve = Sequence[tuple[int, float]]
WIDTH = 90
"""Characters of a line of text in the figure."""
LINES: tuple[Literal["-", "--", "-.", ":"], ...] = ("-", "--", "-.", ":")


def figure(found: Results) -> str:
    """The figure of all specs: the training error and the held-out error by steps, and the recorded gradients."""
    return as_svg(lambda: _drawn(found), command="archc study", title=found.study.title or found.study.name)


def _drawn(found: Results) -> Figure:
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    panels, names = _panels(found), [arm.name for arm in found.arms]
    beside = max(min(WIDTH // (max(map(len, names)) + 6), 3), 1)  # in a row of the legend
    title = wrap(found.study.title or found.study.name, WIDTH)
    rows = -(-len(names) // beside) + len(title)
    norms = [recorded(arm) for arm in found.arms]
    columns = max(map(len, norms))  # of the panels with norms, if there are any
    height = 2.6 * (len(panels) + min(columns, 1)) + 0.22 * rows + 0.5
    drawn = Figure(figsize=(8, height), facecolor="white", layout="constrained")
    grid = drawn.add_gridspec(len(panels) + min(columns, 1), columns or 1)
    every = [drawn.add_subplot(grid[row, :]) for row in range(len(panels))]
    for axes in every[:-1]:
        axes.sharex(every[-1])
        axes.tick_params(labelbottom=False)
    for axes, (label, curve) in zip(every, panels, strict=True):
        axes.set(ylabel=label)
        _draw(axes, found, curve)
    if (reach := found.study.reach) and found.has_classes:
        every[0].axhline(100 * reach.training_error, color=INK, linewidth=0.8, linestyle=":")
    last = max(run.history.steps[-1].step for arm in found.arms for run in arm.runs)
    every[-1].set(xlabel="step", xlim=(0, last * 1.01 + 1))
    below = [drawn.add_subplot(grid[-1, column]) for column in range(columns)]
    draw_norms(below, norms, [look(n) for n in range(len(norms))])
    drawn.align_ylabels([*every, *below[:1]])
    handles = [Line2D([], [], color=colour, linestyle=line) for colour, line in map(look, range(len(found.arms)))]
    # Of the axes, whose room is below the title: a legend of the figure would be drawn over it.
    every[0].legend(handles, names, loc="lower left", bbox_to_anchor=(0, 1), ncols=beside, borderaxespad=0.3)
    drawn.suptitle("\n".join(title), fontsize=10).set_parse_math(False)  # a dollar sign in a title is not a formula
    drawn.supxlabel(_caption(found), fontsize=8)
    return drawn


def look(number: int) -> tuple[str, Literal["-", "--", "-.", ":"]]:
    """The colour and the line of a spec."""
    return COLOURS[number % len(COLOURS)], LINES[number // len(COLOURS) % len(LINES)]


def _panels(found: Results) -> list[tuple[str, Callable[[Run], Curve]]]:
    """What is drawn of each run: errors in percent, or losses if there are no classes."""
    if found.has_classes:
        return [("training error, %", lambda run: _percent(run.curve)), ("held-out error, %", _held_out)]
    window = window_of(found.study.reach)
    return [("training loss", lambda run: _losses(run, window)), ("held-out loss", _held_out_loss)]


def _caption(found: Results) -> str:
    """What the lines and the bands are."""
    seeds = len(found.study.seeds)
    if seeds == 1:
        return "one seed"
    without = ", without the runs that diverged" if any(arm.diverged for arm in found.arms) else ""
    return f"lines: the mean of {seeds} seeds{without}; bands: the least and the most"


def _percent(curve: Curve) -> Curve:
    return [(at, 100 * share) for at, share in curve]


def _held_out(run: Run) -> Curve:
    return [(at, 100 * (1 - test.rate)) for at, test in run.history.tests if test.rate is not None]


def _losses(run: Run, window: int) -> Curve:
    return averaged([(step.step, step.loss) for step in run.history.steps if step.loss is not None], window)


def _held_out_loss(run: Run) -> Curve:
    return [(at, test.loss) for at, test in run.history.tests if test.loss is not None]


def _later(curve: Curve) -> list[float]:
    """A curve without its first tenth, whose fall is so long that it would hide what differs later."""
    return [value for at, value in curve if 10 * at >= curve[-1][0]]


def _draw(axes: Axes, found: Results, curve: Callable[[Run], Curve]) -> None:
    """The curves of all specs."""
    later: list[float] = []
    for number, arm in enumerate(found.arms):
        curves = [curve(run) for run in arm.runs if run.status != "diverged" or arm.diverged == len(arm.runs)]
        later += [value for each in curves for value in _later(each)]
        _band(axes, curves, *look(number))
    if later:
        least, most = min(later), max(later)
        room = max(0.08 * (most - least), 0.5 if found.has_classes else 0)
        if room:  # losses can all be the same
            axes.set_ylim(least - room, most + room)


def _band(axes: Axes, curves: Sequence[Curve], colour: str, line: str) -> None:
    """The mean of curves where all have a value, and the range of them."""
    found = [dict(each) for each in curves]
    steps = sorted(set(found[0]).intersection(*found[1:]))
    steps = steps[:: -(-len(steps) // POINTS) or 1]
    if not steps:
        return
    values = [[each[at] for each in found] for at in steps]
    axes.plot(
        steps, [mean(each) for each in values], line, color=colour, linewidth=1.5, marker="." if len(steps) < 30 else ""
    )
    if len(found) > 1:
        axes.fill_between(steps, [min(v) for v in values], [max(v) for v in values], color=colour, alpha=0.18, lw=0)
