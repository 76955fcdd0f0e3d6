"""What a change of layers does to the network, and to the shapes of the layers after them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from archc.graph import Graph, Node
from archc.ops.op import Op
from archc.ops.shape_error import ShapeError
from archc.tensor import Tensor


def output_of(op: Op, inputs: tuple[Tensor, ...]) -> Tensor | None:
    """What an op gives; None if it cannot take its inputs."""
    try:
        return op.infer(inputs)
    except ShapeError:
        return None


def changed_graph(graph: Graph, fields: Mapping[str, Mapping[str, object]]) -> Graph | None:
    """The graph with other values of some layers' fields, by layer; None if a layer cannot take its input then."""
    shapes = dict(graph.inputs)
    nodes: list[Node] = []
    for node in graph.nodes:
        op = node.op.model_copy(update=dict(fields.get(node.name, {})))
        output = output_of(op, tuple(shapes[name] for name in node.inputs))
        if output is None:
            return None
        shapes[node.name] = output
        nodes.append(replace(node, op=op, output=shapes[node.name]))
    return replace(graph, nodes=tuple(nodes))


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
