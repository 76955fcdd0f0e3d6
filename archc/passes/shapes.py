"""Where sizes come from: the window of each layer that has one, and the sizes of the maps from input to output."""

from __future__ import annotations

from typing import NamedTuple

from archc.graph import Graph
from archc.ops.fields import Size
from archc.ops.window import Window


class Shapes(NamedTuple):
    """`windows` is by layer; `chain` lists the sizes of the maps in order, without repetitions in a row."""

    windows: dict[str, Window]
    chain: tuple[Size, ...]


def shapes(graph: Graph) -> Shapes:
    """The windows and the sizes of a graph."""
    windows: dict[str, Window] = {}
    chain: list[Size] = []
    for node in graph.nodes:
        window = node.op.window(graph.tensors(node.inputs))
        if window is not None:
            windows[node.name] = window
        if node.output.is_maps:
            size = Size(node.output.height, node.output.width)
            if not chain or chain[-1] != size:
                chain.append(size)
    return Shapes(windows, tuple(chain))
