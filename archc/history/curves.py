"""The curves of runs as SVG, by matplotlib: loss, accuracy and learning rate, with several runs in one figure.

The same runs give the same bytes. The background is white, because lines and text are dark and the page may be dark.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from io import StringIO
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from archc.history.events import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#1f6fb4", "#c9520f", "#2a8a57", "#8a4fb0", "#94700a", "#c2366e", "#147f92", "#5c6770")
"""Each has a contrast of 4 or more with white. From the ninth run on, they return with dashed lines."""

INK = "#33475b"
POINTS = 500
"""The most points of a curve: a longer one is drawn by the means of so many equal parts."""

_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 9.0,
    "svg.fonttype": "none",
    "svg.hashsalt": "archc",  # else the names of clip paths are random
    "text.color": INK,
    "axes.edgecolor": "#b9c2cb",
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e3e8ed",
    "grid.linewidth": 0.7,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}

Curve = Sequence[tuple[float, float]]
"""Steps and values, in order."""


def curves(runs: Sequence[History]) -> str:
    """The figure of one run or more."""
    return as_svg(lambda: _drawn(runs), command="archc plot", title=_title(runs))


def as_svg(draw: Callable[[], Figure], *, command: str, title: str) -> str:
    """What a command draws, in archc's style; the same figure gives the same bytes."""
    import matplotlib as mpl

    with mpl.rc_context({**mpl.rcParamsDefault, **_STYLE}), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # letters that matplotlib's font lacks are text in the file all the same
        out = StringIO()
        draw().savefig(out, format="svg", metadata={"Date": None, "Creator": command, "Title": title})
    return out.getvalue()


def _drawn(runs: Sequence[History]) -> Figure:
    from matplotlib.figure import Figure

    panels: list[tuple[str, Callable[[Axes, History, str, str], None]]] = [("loss", _loss)]
    if any(step.rate is not None for run in runs for step in run.steps):
        panels.append(("top-1 accuracy, %", _accuracy))
    panels.append(("learning rate", _rate))
    rows = -(-len(runs) // 2)  # of the legend, which has two columns
    figure = Figure(figsize=(8, 2.3 * len(panels) + 0.22 * rows + 0.6), facecolor="white", layout="constrained")
    every = figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0]
    for axes, (label, draw) in zip(every, panels, strict=True):
        axes.set_ylabel(label)
        for number, run in enumerate(runs):
            dashed = number // len(COLOURS) % 2
            draw(axes, run, COLOURS[number % len(COLOURS)], "--" if dashed else "-")
    last = max(run.steps[-1].step for run in runs)
    every[-1].set(xlabel="step", xlim=(0, last * 1.01 + 1))
    figure.align_ylabels()
    _legend(figure, runs)
    return figure


def _loss(axes: Axes, run: History, colour: str, line: str) -> None:
    found = [(step.step, step.loss) for step in run.steps]
    _training(axes, [(at, math.nan if loss is None else loss) for at, loss in found], colour, line)
    _held_out(axes, [(at, test.loss) for at, test in run.tests if test.loss is not None], colour)
    for (at, before), (_, loss) in pairwise(found):
        if loss is None and before is not None:  # where it diverged
            axes.plot([at], [before], marker="x", color=colour, markersize=8, markeredgewidth=2)
    finite = [loss for _, loss in found if loss is not None and loss > 0]
    if finite and max(finite) > 30 * min(finite):
        _in_decades(axes)


def _accuracy(axes: Axes, run: History, colour: str, line: str) -> None:
    axes.set_ylim(-3, 103)
    found = [(step.step, 100 * step.rate) for step in run.steps if step.rate is not None and step.loss is not None]
    _training(axes, found, colour, line)
    _held_out(axes, [(at, 100 * test.rate) for at, test in run.tests if test.rate is not None], colour)


def _rate(axes: Axes, run: History, colour: str, line: str) -> None:
    steps = run.steps[:: -(-len(run.steps) // (2 * POINTS))]
    rates = [step.lr for step in steps]
    axes.plot([step.step for step in steps], rates, line, color=colour, drawstyle="steps-mid")
    if min(rates) > 0 and max(rates) >= 10 * min(rates):
        _in_decades(axes)


def _in_decades(axes: Axes) -> None:
    from matplotlib.ticker import StrMethodFormatter

    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))


def _training(axes: Axes, curve: Curve, colour: str, line: str) -> None:
    """Each batch in a thin line, and their moving average in a thick one."""
    thin = _fewer(curve)
    smooth = _fewer(smoothed(curve))
    axes.plot([at for at, _ in thin], [value for _, value in thin], color=colour, linewidth=0.7, alpha=0.3)
    places, values = [at for at, _ in smooth], [value for _, value in smooth]
    axes.plot(places, values, line, color=colour, linewidth=1.5, marker="." if len(smooth) < 3 else "")


def _held_out(axes: Axes, curve: Curve, colour: str) -> None:
    places, values = [at for at, _ in curve], [value for _, value in curve]
    axes.plot(places, values, "o", color=colour, markersize=4.5, markerfacecolor="white", zorder=3)


def smoothed(curve: Curve) -> Curve:
    """The mean over a thirtieth of the steps around each, so that it does not lag; fewer at both ends."""
    each_side = len(curve) // 60
    sums = [0.0, *accumulate(value if math.isfinite(value) else 0.0 for _, value in curve)]
    counts = [0, *accumulate(int(math.isfinite(value)) for _, value in curve)]
    found: list[tuple[float, float]] = []
    for place, (at, value) in enumerate(curve):
        first, end = max(0, place - each_side), min(len(curve), place + each_side + 1)
        found.append((at, (sums[end] - sums[first]) / (counts[end] - counts[first]) if math.isfinite(value) else value))
    return found


def _fewer(curve: Curve) -> Curve:
    """The curve by at most `POINTS` means."""
    size = -(-len(curve) // POINTS)
    if size <= 1:
        return curve
    parts = [curve[start : start + size] for start in range(0, len(curve), size)]
    return [(sum(at for at, _ in part) / len(part), sum(value for _, value in part) / len(part)) for part in parts]


def _legend(figure: Figure, runs: Sequence[History]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=COLOURS[number % len(COLOURS)], linestyle="--" if number // len(COLOURS) % 2 else "-")
        for number in range(len(runs))
    ]
    legend = figure.legend(handles, ["run"] * len(runs), loc="outside upper left", ncols=2)
    for text, name in zip(legend.get_texts(), names(runs), strict=True):
        text.set_parse_math(False)  # a dollar sign in a name is not a formula
        text.set_text(name)
    what = "lines: training batches and their moving average; circles: held-out examples"
    figure.supxlabel(what, fontsize=8)


def names(runs: Sequence[History]) -> list[str]:
    """The names of the runs' folders, or their paths if two have the same name."""
    short = [run.run.resolve().name for run in runs]
    return short if len({*short}) == len(short) else [str(run.run) for run in runs]


def _title(runs: Sequence[History]) -> str:
    return f"Curves of {', '.join(names(runs))}"
