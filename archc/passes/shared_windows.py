"""One change of the windows of several layers that gives every expected shape: it is written once, or missing in all.

Only a mistaken spec needs this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from archc.graph import Graph, Node
from archc.ops.fields import ONE, Size
from archc.ops.weighted import Weighted
from archc.ops.windowed import Windowed
from archc.passes.changed import changed_graph
from archc.passes.changed_totals import Totals
from archc.passes.departure import KERNELS, sharing, usual_changes
from archc.passes.missing_layers import has_totals, meets
from archc.passes.total_mistakes import MOST_TRIED, layers_of

_MENDING = ("padding", "rounding")
_Changes = Mapping[str, Mapping[str, object]]


class Shared(NamedTuple):
    """A remedy for the layers `nodes`, and the field that it changes."""

    remedy: str
    field: str
    nodes: tuple[Node, ...]


def shared_change(graph: Graph, expecting: Node, totals: Totals, *, by_totals: bool) -> Shared | None:
    """The change; of several, one without rounding, or else the first. `expecting` is a layer with its expected shape.

    Another kernel makes another network, so that one has to have the expected `totals`; any change has to `by_totals`.
    """
    tried = 0
    found: Shared | None = None
    for written, field, nodes, changes in _changes(graph):
        tried += len(graph.nodes)
        if tried > MOST_TRIED:
            return found
        mended = changed_graph(graph, changes)
        if mended is None or not meets(mended, expecting):
            continue
        is_told = bool(totals) and has_totals(mended, totals)
        if is_told or (not by_totals and field in _MENDING):
            shared = Shared(f"use `{written}` on {layers_of([node.name for node in nodes])}", field, tuple(nodes))
            if is_whole(mended):
                return shared
            found = found or shared
    return found


def is_whole(graph: Graph) -> bool:
    """Whether no window needs rounding."""
    windows = (node.op.window(graph.tensors(node.inputs)) for node in graph.nodes if isinstance(node.op, Windowed))
    return all(window.vertical.is_whole and window.horizontal.is_whole for window in windows if window)


def _changes(graph: Graph) -> Iterator[tuple[str, str, list[Node], _Changes]]:
    """A change as it is written, its field, the layers that it changes, and the fields by layer."""
    windowed = [node for node in graph.nodes if isinstance(node.op, Windowed)]
    groups: dict[tuple[str, tuple[str, ...]], list[Node]] = {}
    for node in windowed:
        for field in ("padding", "rounding", "stride", "kernel"):
            groups.setdefault((field, tuple(each.name for each in _alike(graph, windowed, node, field))), [node])
    for (field, names), (first,) in groups.items():
        nodes = [graph.node(name) for name in names]
        if len(nodes) < 2:
            continue
        for written, fields in _of(graph, first, field):
            yield written, field, nodes, dict.fromkeys(names, fields)


def _alike(graph: Graph, windowed: list[Node], node: Node, field: str) -> list[Node]:
    """The layers that a missing or shared field has to suit."""
    if field in node.fields:
        return sharing(graph, node, field)
    if field == "rounding":
        return [each for each in windowed if field not in each.fields and _moves(graph, each)]
    return [each for each in windowed if field not in each.fields and _is_bare(graph, each, node)]


def _moves(graph: Graph, node: Node) -> bool:
    """Whether a window moves by more than a pixel: any other gives the same size with each rounding."""
    window = node.op.window(graph.tensors(node.inputs))
    return window is not None and window.stride != ONE


def _is_bare(graph: Graph, node: Node, like: Node) -> bool:
    """Whether a layer with learned weights, moved by one pixel, lacks its padding, with the same kernel as `like`."""
    (one, other) = (each.op.window(graph.tensors(each.inputs)) for each in (node, like))
    if one is None or other is None or not isinstance(node.op, Weighted):
        return False
    return one.kernel == other.kernel != ONE and one.stride == other.stride == ONE


def _of(graph: Graph, node: Node, field: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    window = node.op.window(graph.tensors(node.inputs))
    assert isinstance(node.op, Windowed) and window is not None
    if field == "kernel":
        yield from ((f"kernel: {size}", {"kernel": Size(size, size)}) for size in KERNELS)
        return
    for written, fields in usual_changes(node.op, window):
        if [*fields] == [field]:
            yield written, fields
