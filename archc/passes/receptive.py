"""Which pixels of the input a value can see: each layer's receptive field, and how far apart neighbours' fields are.

As though every map went on beyond its edges, as is usual (Araujo, Norris and Sim, "Computing receptive fields of
convolutional neural networks", Distill 2019): near an edge a value sees fewer pixels.
"""

from __future__ import annotations

from typing import NamedTuple

from archc.graph import Graph, Node
from archc.ops.fields import LARGEST, Size
from archc.ops.op import POINT, Footprint

_MOST_STRIDES = 8

_Paths = dict[int, tuple[int, int]]
"""In one direction: place i of a map sees the pixels from first + i stride to last + i stride, {stride: (first, last)}.
One entry but where paths of unequal strides meet: then it sees what lies between the first and the last of all."""


class ReceptiveField(NamedTuple):
    """`size`, in pixels, of the rectangle around all that a value sees; the largest, where places differ in it.

    `start` is the row and column of its first pixel for the first place, negative in the padding. `stride` is in pixels
    from one place to the next; None for a vector, which sees the whole input, or where paths of unequal strides meet.
    """

    size: Size
    start: tuple[int, int]
    stride: Size | None


class _Seen(NamedTuple):
    vertical: _Paths
    horizontal: _Paths


def receptive_fields(graph: Graph) -> dict[str, ReceptiveField | None]:
    """By layer; None where paths of more than 8 strides meet, or the field is larger than any picture."""
    ((name, image),) = graph.inputs.items()
    whole = ReceptiveField(Size(image.height, image.width), (0, 0), None)
    seen: dict[str, _Seen | None] = {name: _Seen({1: (0, 0)}, {1: (0, 0)})}
    fields: dict[str, ReceptiveField | None] = {}
    for node in graph.nodes:
        seen[node.name] = found = _seen(graph, node, seen)
        fields[node.name] = _field(node, found) if node.output.is_maps else whole
    return fields


def _seen(graph: Graph, node: Node, seen: dict[str, _Seen | None]) -> _Seen | None:
    """What the places of a layer's maps see, all its inputs taken together."""
    footprint = node.op.footprint(graph.tensors(node.inputs))
    inputs = [seen[name] for name in dict.fromkeys(node.inputs)]
    known = [found for found in inputs if found is not None]
    if footprint is None or len(known) < len(inputs):
        return None
    if footprint == (POINT, POINT) and len(known) == 1:
        return known[0]
    vertical = _union([_through(found.vertical, footprint[0]) for found in known])
    horizontal = _union([_through(found.horizontal, footprint[1]) for found in known])
    return _Seen(vertical, horizontal) if _is_measured(vertical) and _is_measured(horizontal) else None


def _through(paths: _Paths, window: Footprint) -> _Paths:
    return {
        stride * window.stride: (first - window.before * stride, last + window.after * stride)
        for stride, (first, last) in paths.items()
    }


def _union(branches: list[_Paths]) -> _Paths:
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
    height, width = _longest(seen.vertical, node.output.height), _longest(seen.horizontal, node.output.width)
    strides = (*seen.vertical, *seen.horizontal)
    return ReceptiveField(
        size=Size(height, width),
        start=(_first(seen.vertical), _first(seen.horizontal)),
        stride=Size(*strides) if len(strides) == 2 else None,
    )


def _first(paths: _Paths) -> int:
    return min(first for first, _ in paths.values())


def _longest(paths: _Paths, places: int) -> int:
    """Between the least of lines and the greatest of lines the distance is convex: the most is at an end."""
    return max(_length(paths, 0), _length(paths, places - 1))


def _length(paths: _Paths, place: int) -> int:
    """Pixels from the first to the last that a place sees."""
    first = min(first + place * stride for stride, (first, _) in paths.items())
    last = max(last + place * stride for stride, (_, last) in paths.items())
    return last - first + 1
