"""Where sizes come from: the window of each layer that has one, and the sizes of the values from input to output."""

from __future__ import annotations

from typing import NamedTuple

from archc.graph import Graph, Node
from archc.ops.window import Window


class Shapes(NamedTuple):
    """`windows` is by layer; `chain` lists the sizes on the main path, without repetitions in a row.

    Maps have a height and a width, a sequence has a length, and a vector has no size.
    """

    windows: dict[str, Window]
    chain: tuple[tuple[int, ...], ...]


def shapes(graph: Graph) -> Shapes:
    """The windows and the sizes of a graph."""
    windows = {node.name: window for node in graph.nodes if (window := node.op.window(graph.tensors(node.inputs)))}
    chain: list[tuple[int, ...]] = []
    for node in graph.nodes if graph.is_chain else _main_path(graph):
        size = node.output.shape[1:]
        if size and (not chain or chain[-1] != size):
            chain.append(size)
    return Shapes(windows, tuple(chain))


def _main_path(graph: Graph) -> list[Node]:
    """The longest path of layers that read each other. Of several, the one through the inputs that are named first."""
    lengths: dict[str, int] = dict.fromkeys(graph.inputs, 0)
    for node in graph.nodes:
        lengths[node.name] = 1 + max(lengths[name] for name in node.inputs)
    path: list[Node] = []
    name = max(lengths, key=lambda name: lengths[name])
    while name not in graph.inputs:
        path.append(graph.node(name))
        name = max(path[-1].inputs, key=lambda name: lengths[name])
    return path[::-1]
