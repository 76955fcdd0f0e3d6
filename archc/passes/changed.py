"""What a change of one layer does to the shapes of the layers after it."""

from __future__ import annotations

from archc.graph import Graph
from archc.ops.op import ShapeError
from archc.tensor import Tensor


def changed_shapes(graph: Graph, name: str, output: Tensor) -> dict[str, Tensor | None]:
    """The shapes that differ if the layer `name` had this output, by layer; None where one cannot take its input."""
    changed: dict[str, Tensor | None] = {name: output}
    for node in graph.nodes:
        if changed.keys().isdisjoint(node.inputs):
            continue
        inputs = [changed.get(read, graph.tensor(read)) for read in node.inputs]
        known = tuple(x for x in inputs if x is not None)
        try:
            shape = node.op.infer(known) if len(known) == len(inputs) else None
        except ShapeError:
            shape = None
        if shape != node.output:
            changed[node.name] = shape
    return changed
