"""The initialisation of the layer that gives a network's scores, where the spec has none: small weights.

He-normal weights keep the variance of what they read through a ReLU. The scores have none after them, and max pools add
to the variance before them, so a network would begin far from guessing: with a loss above ln(classes).
"""

from __future__ import annotations

from dataclasses import replace

from archc.graph import Graph, Node
from archc.ops.initialisation import SMALL
from archc.ops.weighted import Weighted


def with_small_scores(graph: Graph) -> Graph:
    """The graph with small weights where a layer gives scores and its spec has no `weight_init` for it.

    Layers of blocks are left as they are: all uses of a block have the same weights at the start.
    """
    small = {
        node.name: replace(node, op=node.op.model_copy(update={"weight_init": SMALL}))
        for name in graph.outputs
        if (node := _scores(graph, name)) and "weight_init" not in node.fields and node.name not in graph.uses
    }
    return replace(graph, nodes=tuple(small.get(node.name, node) for node in graph.nodes)) if small else graph


def _scores(graph: Graph, name: str) -> Node | None:
    """The layer with weights that gives an output, if this is a vector or probabilities.

    What only moves, averages or drops its values can be between them, and the activation that a loss applies.
    """
    if name in graph.inputs or not (graph.tensor(name).is_vector or graph.node(name).op.fused_into):
        return None
    while name not in graph.inputs:
        node = graph.node(name)
        if isinstance(node.op, Weighted):
            return node if node.op.is_linear else None
        (name, *others) = node.inputs
        if others or node.op.parameters(graph.tensors(node.inputs)) or not (node.op.is_linear or node.op.fused_into):
            return None
    return None
