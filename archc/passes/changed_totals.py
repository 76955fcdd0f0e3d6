"""How the expected totals change with a value of a layer, or with another input of the network."""

from __future__ import annotations

from collections.abc import Mapping

from archc.graph import Graph, Node
from archc.ops.op import Op
from archc.passes.changed import changed_shapes, output_of
from archc.tensor import Tensor

Totals = Mapping[str, int]
"""Numbers by the name of a total."""


def changed_by_fields(graph: Graph, node: Node, fields: dict[str, object], missing: Totals) -> Totals | None:
    """What other values of a layer's fields change in the expected totals, which are the keys of `missing`.

    None if a layer could not take its input then, or if an expected shape would no longer be met.
    """
    op = node.op.model_copy(update=fields)
    inputs = graph.tensors(node.inputs)
    output = output_of(op, inputs)
    if output is None:
        return None
    before, after = counted_totals(node.op, inputs, node.output), counted_totals(op, inputs, output)
    change = {field: after[field] - before[field] for field in missing}
    if output == node.output:
        return change
    return _sum_of(change, changed_by_value(graph, node.name, output, missing))


def changed_by_value(graph: Graph, name: str, value: Tensor, missing: Totals) -> Totals | None:
    """What another value of a layer or of an input changes in the layers after it; None as above."""
    shapes = changed_shapes(graph, name, value)
    if any(shape is None or _expects(graph, each) for each, shape in shapes.items()):
        return None
    change = dict.fromkeys(missing, 0)
    for each in graph.nodes:
        if shapes.keys().isdisjoint(each.inputs):
            continue
        old = graph.tensors(each.inputs)
        new = tuple(shapes.get(name) or graph.tensor(name) for name in each.inputs)
        before = counted_totals(each.op, old, each.output)
        after = counted_totals(each.op, new, shapes.get(each.name) or each.output)
        change = {field: change[field] + after[field] - before[field] for field in missing}
    return change


def _expects(graph: Graph, name: str) -> bool:
    return name not in graph.inputs and graph.node(name).expected is not None


def _sum_of(one: Totals, other: Totals | None) -> Totals | None:
    return None if other is None else {field: one[field] + other[field] for field in one}


def counted_totals(op: Op, inputs: tuple[Tensor, ...], output: Tensor) -> Totals:
    """The share of one layer in the totals."""
    return {"parameters": op.numbers(inputs).trained, "macs": op.macs(inputs, output)}
