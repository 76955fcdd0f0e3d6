"""How each of several devices computes its part of a layer that is split: the op, and the maps that it reads.

A part is computed by the op that `Op.split` gives, from exactly the maps that it reads. An op without parameters may
also give more maps than the device's own, which are then cut out: an lrn gives the neighbours too, and a softmax all.
A layer that neither way computes cannot be split.
"""

from __future__ import annotations

from typing import NamedTuple

from archc.graph import Node
from archc.ops.op import Op
from archc.ops.shape_error import ShapeError
from archc.ops.weighted import Initialised
from archc.passes.holding import part
from archc.tensor import Tensor

Ranges = tuple[range, ...]


class Way(NamedTuple):
    """How the devices compute their parts: each applies `op` to the maps that it reads. An op that only takes some maps
    of its input (`views_part`) is not applied: what a device reads is its part.

    `reads` are those maps in their order, by device and input. `cuts` are a device's own maps among those that the op
    gives, by device; None if the op gives only these.
    """

    op: Op
    reads: tuple[tuple[Ranges, ...], ...]
    cuts: Ranges | None = None


def way(node: Node, inputs: tuple[Tensor, ...], devices: int) -> Way | None:
    """How a layer is split over devices, each with an equal part of its maps; None if it cannot be."""
    op, output = node.op, node.output
    if not op.splits or op.differs_by_map or _is_drawn_whole(op, inputs):
        return None
    own = [part(output.channels, device, devices) for device in range(devices)]
    reads = tuple(op.reads_apart(maps, inputs, output) for maps in own)
    # archc.passes.uneven reports the former; of the latter, what a device reads is its part.
    if output.channels % devices or op.views_part:
        return Way(op, reads)
    groups = op.reach().groups or 1
    if groups % devices and devices % groups:
        return None
    shapes = [tuple(map(narrowed, inputs, read)) for read in reads]
    narrow, wanted = op.split(devices), Tensor((output.channels // devices, *output.shape[1:]))
    given = [_infer(narrow, each) for each in shapes]
    if all(made == wanted for made in given):
        return Way(narrow, reads) if _axes(op, inputs, narrow, shapes[0]) is not None else None
    if op.parameters(inputs):
        return None
    if all(
        len(apart) == 1 and apart[0] == range(x.channels)
        for read in reads
        for apart, x in zip(read, inputs, strict=True)
    ):
        return Way(op, reads, tuple(own))
    if op.reach().has_neighbours and all(made == x for made, (x, *_) in zip(given, shapes, strict=True)):
        starts = [read[0][0].start for read in reads]
        cuts = tuple(range(maps.start - at, maps.stop - at) for maps, at in zip(own, starts, strict=True))
        return Way(narrow, reads, cuts)
    return None


def _is_drawn_whole(op: Op, inputs: tuple[Tensor, ...]) -> bool:
    """Whether its initial weights cannot be drawn in parts: rows that are orthogonal to each other."""
    return isinstance(op, Initialised) and any(op.init_of(each).kind == "orthogonal" for each in op.drawn(inputs))


def axes(node: Node, inputs: tuple[Tensor, ...], made: Way) -> dict[str, int]:
    """The axis of which each device has a part, by the parameter's name, of those that devices have parts of."""
    return _axes(node.op, inputs, made.op, tuple(map(narrowed, inputs, made.reads[0]))) or {}


def _axes(op: Op, inputs: tuple[Tensor, ...], narrow: Op, read: tuple[Tensor, ...]) -> dict[str, int] | None:
    """None if a parameter is divided by several axes."""
    found: dict[str, int] = {}
    for whole, own in zip(op.parameters(inputs), narrow.parameters(read), strict=True):
        differing = [axis for axis, (a, b) in enumerate(zip(whole.shape, own.shape, strict=True)) if a != b]
        if len(differing) > 1:
            return None
        if differing:
            found[whole.name] = differing[0]
    return found


def narrowed(x: Tensor, read: Ranges) -> Tensor:
    """A value with only the maps that are read; tokens have none."""
    return x if x.is_tokens else Tensor((sum(map(len, read)), *x.shape[1:]))


def _infer(op: Op, inputs: tuple[Tensor, ...]) -> Tensor | None:
    """What an op gives; inputs without maps, of which a concatenation may have some, are left out."""
    try:
        return op.infer(tuple(x for x in inputs if x.is_tokens or x.channels))
    except ShapeError:
        return None
