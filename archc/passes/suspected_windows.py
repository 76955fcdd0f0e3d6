"""Windows that advice doubts by themselves: with a second mistake elsewhere, no total tells that they are wrong."""

from __future__ import annotations

from archc.graph import Graph, Node
from archc.ops.fields import Margins, Size
from archc.passes.advice.windows import paper_rounded_down, whole_map
from archc.passes.changed import changed_graph
from archc.passes.missing_layers import meets
from archc.passes.pixels_224 import explanation
from archc.passes.shapes import shapes
from archc.passes.total_mistakes import Explanation, places

_USUAL = 3
_HALF = Margins(1, 1, 1, 1)


def suspected(graph: Graph) -> Explanation | None:
    """The usual windows in the place of all that are doubted, if they suit what the layers are expected to give."""
    facts = shapes(graph)
    whole = [graph.node(found.layer) for found in whole_map(graph, facts, ()) if found.layer]
    rounded = [graph.node(found.layer) for found in paper_rounded_down(graph, facts, ()) if found.layer]
    changes = {node.name: _smaller(node) for node in whole} | {node.name: {"rounding": "ceil"} for node in rounded}
    mended = changed_graph(graph, changes) if changes else None
    if mended is None or not meets(mended):
        return None
    remedies = [*map(_written, whole), *(f"`rounding: ceil` on {node.name}" for node in rounded)]
    notes = [
        f"{node.name}'s kernel of {facts.windows[node.name].kernel} is as large as its input maps" for node in whole
    ]
    notes += [note for node in rounded for note in explanation(graph, node)]
    marked = (*places(whole, "kernel"), *places(rounded, "rounding"))
    return Explanation(f"use {', '.join(remedies)}", tuple(notes), marked, changes)


def _smaller(node: Node) -> dict[str, object]:
    kernel: dict[str, object] = {"kernel": Size(_USUAL, _USUAL)}
    return kernel if _keeps_padding(node) else {**kernel, "padding": _HALF}


def _keeps_padding(node: Node) -> bool:
    return getattr(node.op, "padding", None) in ("same", _HALF)


def _written(node: Node) -> str:
    return f"`kernel: {_USUAL}`{'' if _keeps_padding(node) else ' and `padding: 1`'} on {node.name}"
