"""What a figure shows as one solid: a layer that makes new maps, with the layers after it that only change those."""

from __future__ import annotations

from dataclasses import dataclass

from archc.graph import Graph, Node
from archc.ops.weighted import Weighted
from archc.tensor import Tensor


@dataclass(frozen=True)
class Block:
    """`layers[0]` made `tensor`; the others follow it in a chain. The input of the network has no layers."""

    name: str
    tensor: Tensor
    layers: tuple[Node, ...]
    reads: tuple[str, ...]
    """The blocks that it reads, each once."""


def blocks(graph: Graph) -> tuple[Block, ...]:
    """The blocks of a network, each after all that it reads."""
    holders = {name: name for name in graph.inputs}
    layers: dict[str, list[Node]] = {name: [] for name in graph.inputs}
    reads: dict[str, tuple[str, ...]] = dict.fromkeys(graph.inputs, ())
    for node in graph.nodes:
        if _follows(node, graph):
            holders[node.name] = holders[node.inputs[0]]
            layers[holders[node.name]].append(node)
        else:
            holders[node.name] = node.name
            layers[node.name] = [node]
            reads[node.name] = tuple(dict.fromkeys(holders[name] for name in node.inputs))
    return tuple(Block(name, graph.tensor(name), tuple(layers[name]), reads[name]) for name in reads)


def _follows(node: Node, graph: Graph) -> bool:
    """Whether a layer is said beside the block before it, as the paper does with pools: nothing else reads that."""
    (source, *more) = node.inputs
    alone = not more and source not in graph.inputs and source not in graph.outputs
    return alone and not isinstance(node.op, Weighted) and graph.readers[source] == (node,)
