"""One change of the windows of several layers that gives every expected shape: it is written once, or missing in all.

Only a mistaken spec needs this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from archc.graph import Graph, Node
from archc.ops.fields import ONE, Size
from archc.ops.weighted import Weighted
from archc.ops.window import Window
from archc.ops.windowed import Windowed
from archc.passes.changed import changed_graph
from archc.passes.changed_totals import Totals
from archc.passes.departure import KERNELS, usual_changes
from archc.passes.missing_layers import has_totals, meets
from archc.passes.total_mistakes import MOST_TRIED, layers_of

_FIELDS = ("padding", "rounding", "stride", "kernel")
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
    groups: dict[tuple[str, object], list[Node]] = {}
    for node in graph.nodes:
        window = node.op.window(graph.tensors(node.inputs)) if isinstance(node.op, Windowed) else None
        for field in _FIELDS if window else ():
            assert window is not None
            key = node.fields.get(field) or _forgotten(node, window, field)
            if key is not None:
                groups.setdefault((field, key), []).append(node)
    for (field, _), nodes in groups.items():
        if len(nodes) > 1:
            for written, fields in _of(graph, nodes[0], field):
                yield written, field, nodes, {node.name: fields for node in nodes}


def _forgotten(node: Node, window: Window, field: str) -> object:
    """What layers without a field have in common if it is forgotten in all of them; None if it is not.

    A window that moves by a pixel has the same size with each rounding; one with learned weights is padded by half.
    """
    if field == "rounding":
        return "moves" if window.stride != ONE else None
    is_bare = isinstance(node.op, Weighted) and window.stride == ONE != window.kernel
    return window.kernel if field == "padding" and is_bare else None


def _of(graph: Graph, node: Node, field: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    window = node.op.window(graph.tensors(node.inputs))
    assert isinstance(node.op, Windowed) and window is not None
    if field == "kernel":
        yield from ((f"kernel: {size}", {"kernel": Size(size, size)}) for size in KERNELS)
        return
    for written, fields in usual_changes(node.op, window):
        if [*fields] == [field]:
            yield written, fields
