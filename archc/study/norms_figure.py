"""The part of a study's figure with the gradients: norms by layers, in the first recorded step and in the last one."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import mean
from typing import TYPE_CHECKING

from archc.study.gradients import Norms, merged
from archc.wording import joined

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABELS = 20
"""The most names of layers in a panel."""


def draw_norms(panels: Sequence[Axes], every: Sequence[Sequence[Norms]], looks: Sequence[tuple[str, str]]) -> None:
    """Draw the norms of each spec, of which some have two steps, some one or none, in its colour and line."""
    for place, axes in enumerate(panels):
        shown = [(norms[place], look) for norms, look in zip(every, looks, strict=True) if len(norms) > place]
        layers = merged([[*norms.layers] for norms, _ in shown])
        for norms, (colour, line) in shown:
            _line(axes, norms, layers, colour, line)
        steps = sorted({norms.step for norms, _ in shown})
        axes.set_title(f"step {joined([f'{step:,}' for step in steps])}", fontsize=9)
        named = range(0, len(layers), -(-len(layers) // LABELS))
        names = [layers[number] for number in named]
        axes.set_xticks(named, names, rotation=90 if len(names) > 4 else 0, parse_math=False)
    for axes in panels[1:]:
        axes.sharey(panels[0])
        axes.tick_params(labelleft=False)
    if any(norm > 0 for norms in every for each in norms for values in each.layers.values() for norm in values):
        panels[0].set_yscale("log")
    for axes in panels[:1]:
        axes.set_ylabel("norm of the gradient")


def _line(axes: Axes, norms: Norms, layers: Sequence[str], colour: str, line: str) -> None:
    """The mean over the runs, and the range of them."""
    places = [layers.index(layer) for layer in norms.layers]
    positive = [[norm for norm in values if norm > 0] or [math.nan] for values in norms.layers.values()]
    means = [mean(values) or math.nan for values in norms.layers.values()]
    axes.plot(places, means, line, color=colour, linewidth=1.5, marker=".")
    axes.fill_between(places, [*map(min, positive)], [*map(max, positive)], color=colour, alpha=0.18, lw=0)
