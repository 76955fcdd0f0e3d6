"""The blocks of a figure. One solid represents a layer and the layers after it that only change its maps."""

from __future__ import annotations

from dataclasses import dataclass

from archc.graph import Graph, Node
from archc.ops.weighted import Initialised
from archc.tensor import Tensor


@dataclass(frozen=True)
class Block:
    """`layers[0]` computes `tensor`, and the other layers follow in a chain. The input of the network has no layers."""

    name: str
    tensor: Tensor
    layers: tuple[Node, ...]
    reads: tuple[str, ...]
    """The names of the blocks that it reads, without duplicates."""


def blocks(graph: Graph) -> tuple[Block, ...]:
    """The blocks of a network. Each comes after the blocks that it reads."""
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
    """Whether a layer belongs to the block of its input, as pools do in the paper's figure.

    It does if it has no weights, reads one layer that is not an output, and is the only reader of that layer.
    """
    (source, *more) = node.inputs
    alone = not more and source not in graph.inputs and source not in graph.outputs
    return alone and not isinstance(node.op, Initialised) and graph.readers[source] == (node,)
