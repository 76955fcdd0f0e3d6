"""Layers with half of their maps or units: articles often state those of one of AlexNet's two GPUs: 48, 128 and 192.

Only a mistaken spec needs this.
"""

from __future__ import annotations

from collections.abc import Iterator

from archc.graph import Graph
from archc.ops.weighted import Weighted
from archc.ops.windowed import Windowed
from archc.passes.changed import changed_graph
from archc.passes.missing_layers import meets
from archc.passes.total_mistakes import Explanation, layers_of, places

# Fewer are no network of two halves.
_LEAST = 3


def halved(graph: Graph) -> Iterator[Explanation]:
    """Twice the maps in all layers with windows; then twice the units in all others but the last, too."""
    learned = [node for node in graph.nodes if isinstance(node.op, Weighted) and node.op.channels_field]
    maps = [node for node in learned if isinstance(node.op, Windowed)]
    units = [node for node in learned[:-1] if node not in maps]
    for nodes in ([maps, [*maps, *units]] if units else [maps]) if len(maps) >= _LEAST else ():
        changes = {
            node.name: {field: 2 * getattr(node.op, field)} for node in nodes if (field := node.op.channels_field)
        }
        mended = changed_graph(graph, changes)
        if mended is not None and meets(mended):
            fields = " and ".join(dict.fromkeys(f"`{node.op.channels_field}`" for node in nodes))
            remedy = f"use twice the {fields} on {layers_of([*changes])}"
            widths = ", ".join(f"{width:,}" for width in dict.fromkeys(node.output.channels for node in nodes))
            note = f"{widths} are half of a network's, such as those of one of AlexNet's two GPUs"
            field = nodes[0].op.channels_field
            yield Explanation(remedy, (note,), places(nodes, field) if field else (), changes)
