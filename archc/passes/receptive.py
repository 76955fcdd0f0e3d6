"""The receptive field of each layer: which pixels of the input one of its values depends on.

The fields are those of maps without edges, as is usual (Araujo, Norris and Sim, "Computing receptive fields of
convolutional neural networks", Distill 2019). Near an edge, a value depends on fewer pixels.
"""

from __future__ import annotations

from typing import NamedTuple

from archc.graph import Graph, Node
from archc.ops.fields import LARGEST, Size
from archc.ops.properties import POINT, Footprint
from archc.tensor import Tensor

# Published networks join branches of equal strides. Unequal ones can multiply with each join, hence a limit.
_MOST_STRIDES = 8

_Paths = dict[int, tuple[int, int]]
"""Along one axis, {stride: (first, last)}: position i of a map sees pixels first + i stride to last + i stride.

There is one entry, unless branches of different strides have met: then the position sees all pixels from the first to
the last of all entries."""


class ReceptiveField(NamedTuple):
    """The rectangle of pixels that a value sees: its `size`, the largest one if it differs between positions.

    A sequence or tokens are a row of pixels, so that its height is 1.

    `start` is the row and column of the first pixel that the first position sees; it is negative in the padding.
    `stride` is the distance in pixels between the fields of neighbouring positions. It is None for a vector, which sees
    the whole input, and where branches of different strides have met.
    """

    size: Size
    start: tuple[int, int]
    stride: Size | None


class _Seen(NamedTuple):
    vertical: _Paths
    horizontal: _Paths


def receptive_fields(graph: Graph) -> dict[str, ReceptiveField | None]:
    """The field of each layer.

    None if branches of more than 8 strides meet, if it is larger than any picture, and where the network has several
    inputs or reads a vector, which has no positions.
    """
    (name, image), *others = graph.inputs.items()
    if others or image.is_vector:
        return {node.name: None for node in graph.nodes}
    whole = ReceptiveField(_extent(image), (0, 0), None)
    seen: dict[str, _Seen | None] = {name: _Seen({1: (0, 0)}, {1: (0, 0)})}
    fields: dict[str, ReceptiveField | None] = {}
    for node in graph.nodes:
        seen[node.name] = found = _seen(graph, node, seen)
        fields[node.name] = whole if node.output.is_vector else _field(node, found)
    return fields


def _extent(x: Tensor) -> Size:
    """Height and width; a sequence and tokens are one row."""
    return Size(x.height, x.width) if x.is_maps else Size(1, x.shape[-1])


def _seen(graph: Graph, node: Node, seen: dict[str, _Seen | None]) -> _Seen | None:
    """What the positions of a layer see through all of its inputs; None if this is unknown for one of them."""
    footprint = node.op.footprint(graph.tensors(node.inputs))
    inputs = [seen[name] for name in dict.fromkeys(node.inputs)]
    known = [found for found in inputs if found is not None]
    if footprint is None or len(known) < len(inputs):
        return None
    if footprint == (POINT, POINT) and len(known) == 1:  # most layers: nothing changes, so nothing is computed
        return known[0]
    vertical = _union([_through(found.vertical, footprint[0]) for found in known])
    horizontal = _union([_through(found.horizontal, footprint[1]) for found in known])
    return _Seen(vertical, horizontal) if _is_measured(vertical) and _is_measured(horizontal) else None


def _through(paths: _Paths, window: Footprint) -> _Paths:
    """What a position sees through a window over a map whose positions see `paths`."""
    return {
        stride * window.stride: (first - window.before * stride, last + window.after * stride)
        for stride, (first, last) in paths.items()
    }


def _union(branches: list[_Paths]) -> _Paths:
    """What a position sees that reads the same position of several branches."""
    union = dict(branches[0])
    for paths in branches[1:]:
        for stride, (first, last) in paths.items():
            before, after = union.get(stride, (first, last))
            union[stride] = (min(first, before), max(last, after))
    return union


def _is_measured(paths: _Paths) -> bool:
    return len(paths) <= _MOST_STRIDES and max(paths) <= LARGEST and _length(paths, 0) <= LARGEST


def _field(node: Node, seen: _Seen | None) -> ReceptiveField | None:
    if seen is None:
        return None
    rows, columns = _extent(node.output)
    height, width = _longest(seen.vertical, rows), _longest(seen.horizontal, columns)
    strides = (*seen.vertical, *seen.horizontal)
    return ReceptiveField(
        size=Size(height, width),
        start=(_first(seen.vertical), _first(seen.horizontal)),
        stride=Size(*strides) if len(strides) == 2 else None,
    )


def _first(paths: _Paths) -> int:
    return min(first for first, _ in paths.values())


def _longest(paths: _Paths, places: int) -> int:
    """The most pixels that one of the positions sees."""
    # The last pixel is a maximum of linear functions of the position, and the first pixel a minimum. Their distance is
    # convex, so it is largest at the first or at the last position.
    return max(_length(paths, 0), _length(paths, places - 1))


def _length(paths: _Paths, place: int) -> int:
    """The number of pixels from the first to the last that a position sees."""
    first = min(first + place * stride for stride, (first, _) in paths.items())
    last = max(last + place * stride for stride, (_, last) in paths.items())
    return last - first + 1
