"""The order of a sequence's axes, as PyTorch computes: (N, C, L) where a convolution reads it, (N, L, C) where a dense
layer does.

A transposition only changes how memory is read. Layers that compute each value by itself leave values where they are,
so what one layer turned, the next may turn back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from archc.graph import Graph

Order = Literal["first", "last", "any"]
FIRST, LAST = 1, 2
"""The axis of the channels in (N, C, L) and in (N, L, C)."""


def axis_of(order: Order, read: Iterable[int]) -> int:
    """The axis of the channels for a layer that computes in an order, and that reads sequences with these axes."""
    return {"first": FIRST, "last": LAST}.get(order) or next(iter(read), FIRST)


def turned_reads(graph: Graph) -> frozenset[str]:
    """The layers that read a sequence whose axes are in memory in another order than the one they compute in."""
    if not any(node.output.is_sequence for node in graph.nodes):
        return frozenset()
    axes, stored = (dict.fromkeys(graph.inputs, FIRST) for _ in range(2))
    found: set[str] = set()
    for node in graph.nodes:
        sequences = [name for name in node.inputs if graph.tensor(name).is_sequence]
        axis = axes[node.name] = axis_of(node.op.sequence_order, [axes[name] for name in sequences])
        stored[node.name] = stored[sequences[0]] if sequences and node.op.keeps_layout else axis
        # With a single channel or position, both orders are the same.
        if any(stored[name] != axis and min(graph.tensor(name).shape) > 1 for name in sequences):
            found.add(node.name)
    return frozenset(found)
