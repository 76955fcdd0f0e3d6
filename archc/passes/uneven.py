"""Layers whose maps or units do not split evenly over the devices: one finding, with what would split."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import gcd, lcm

from archc.diagnostics.finding import Finding, report
from archc.graph import Node
from archc.language.spec import MOST_DEVICES
from archc.source import Span
from archc.wording import counted, listed

# The most widths whose arithmetic is shown, and the most layers for which other widths are proposed.
_MOST = 8


def uneven(nodes: Sequence[Node], widths: Iterable[int], devices: int, written: Span | None) -> Finding:
    """The finding on layers that do not split. `widths` are those of all layers that are to be split.

    The number of devices is at fault if it fits several layers not: the finding is then where it is `written`. If the
    spec does not write it, or only one layer does not split, the finding is at the layer.
    """
    others = _other_devices(devices, gcd(*widths))
    if len(nodes) == 1:
        return _one(nodes[0], devices, others)
    first, *more = nodes
    if others:
        named = [f"`devices: {number}`" if written else str(number) for number in others]
        help = f"use {' or '.join(named)}{'' if written else ' devices'}"
    else:
        proposed = listed([f"{_nearest(node, devices)} in {node.name}" for node in nodes], most=_MOST)
        help = f"no number of devices splits all layers; use {proposed}"
    finding = report(
        written or first.span,
        "ARC401",
        f"{counted(len(nodes), 'layer')} do not split over {devices} devices",
        notes=_arithmetic(nodes, devices),
        help=help,
    )
    return finding if written else finding._replace(places=tuple(node.span for node in more))


def _one(node: Node, devices: int, others: Sequence[int]) -> Finding:
    what, maps = node.output.unit, node.output.channels
    fewer_or_more = f"{' or '.join(map(str, others))} devices, or " if others else ""
    return report(
        node.span,
        "ARC401",
        f"{node.name}'s {maps} {what} do not split over {devices} devices",
        notes=[f"{maps} / {devices} is not whole"],
        help=f"use {fewer_or_more}{_nearest(node, devices)}",
        layer=node.name,
    )


def _arithmetic(nodes: Iterable[Node], devices: int) -> list[str]:
    """`conv3, conv4: 384 / 5 is not whole`, for each width."""
    names: dict[int, list[str]] = {}
    for node in nodes:
        names.setdefault(node.output.channels, []).append(node.name)
    notes = [f"{listed(alike)}: {width} / {devices} is not whole" for width, alike in names.items()]
    hidden = len(notes) - _MOST
    return [*notes[:_MOST], *([f"and {counted(hidden, 'other width')}"] if hidden > 0 else [])]


def _nearest(node: Node, devices: int) -> str:
    """The nearest widths of a layer that split: `95 or 100 maps`."""
    # A multiple of the groups too.
    step = lcm(devices, node.op.reach().groups or 1)
    less = node.output.channels // step * step
    return f"{f'{less} or ' if less else ''}{less + step} {node.output.unit}"


def _other_devices(devices: int, divisible: int) -> list[int]:
    """The nearest numbers of devices below and above `devices` that divide a number, if there are any."""
    even = [number for number in range(2, MOST_DEVICES + 1) if divisible % number == 0]
    fewer, more = [n for n in even if n < devices], [n for n in even if n > devices]
    return [*fewer[-1:], *more[:1]]
