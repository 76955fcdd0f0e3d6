"""The reference: what a graph computes in NumPy float64, by each op's own `compute`. Backends are compared with it.

Needs NumPy, which comes with the extra `archc-compiler[train]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from archc.graph import Graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from archc.ops.op import Array


def evaluate(graph: Graph, weights: Mapping[str, NDArray[Any]], x: Array) -> dict[str, Array]:
    """The values of the input and of every layer for examples of shape (N, C, H, W), without dropout.

    The keys of `weights` are a layer and a parameter; the layout is that of `archc.ops.op.Parameter`. For example,
    `conv1.weight` has the shape (O, I / groups, kH, kW).
    """
    (image,) = graph.inputs
    values = {image: x}
    for node in graph.nodes:
        inputs = tuple(values[name] for name in node.inputs)
        own = {
            parameter.name: weights[f"{node.name}.{parameter.name}"].astype(float)
            for parameter in node.op.parameters(graph.tensors(node.inputs))
        }
        values[node.name] = node.op.compute(inputs, own)
    return values
