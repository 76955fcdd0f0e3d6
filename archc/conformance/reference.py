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

    Examples = Array | Mapping[str, Array]
    """Examples of a network's only input, such as (N, C, H, W), or of each of its inputs, by name."""


def evaluate(graph: Graph, weights: Mapping[str, NDArray[Any]], x: Examples) -> dict[str, Array]:
    """The values of the inputs and of every layer, without dropout.

    The keys of `weights` are a layer and a parameter; the layout is that of `archc.ops.op.Parameter`. For example,
    `conv1.weight` has the shape (O, I / groups, kH, kW).
    """
    values = dict(x) if isinstance(x, Mapping) else dict.fromkeys(graph.inputs, x)
    for node in graph.nodes:
        inputs = tuple(values[name] for name in node.inputs)
        own = {
            parameter.name: weights[f"{node.name}.{parameter.name}"].astype(float)
            for parameter in node.op.parameters(graph.tensors(node.inputs))
        }
        values[node.name] = node.op.compute(inputs, own)
    return values
