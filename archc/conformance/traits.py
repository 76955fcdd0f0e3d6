"""Checks what an op declares of its values against the values that it computes in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from archc.conformance.cases import Case
from archc.conformance.emission import demand

if TYPE_CHECKING:
    from archc.ops.op import Array, Op
    from archc.tensor import Tensor

_EXAMPLES = 2


def check_traits(case: Case) -> Mapping[str, str]:
    """Check the op of a case's layer `layer`: the shape, signs and zeros of its output, and the order of its inputs."""
    import numpy as np

    graph = case.facts.graph
    node = graph.node("layer")
    tensors, op, random = graph.tensors(node.inputs), node.op, np.random.default_rng(0)
    weights = _weights(op, tensors, random)
    inputs = tuple(random.standard_normal((_EXAMPLES, *x.shape)) for x in tensors)
    output = op.compute(inputs, weights)
    shapes = f"`infer` gives {node.output.shape}, `compute` {output.shape[1:]}"
    demand(output.shape == (_EXAMPLES, *node.output.shape), shapes, case)
    if op.is_activation:
        demand(node.output == tensors[0], "an activation has an output of another shape than its input", case)
    if op.output_sign == "nonnegative":
        demand(bool((output >= 0).all()), f"`output_sign` is nonnegative, but an output is {output.min():g}", case)
    if op.output_sign == "kept":
        least = op.compute(tuple(map(np.abs, inputs)), weights).min()
        demand(least >= 0, f"`output_sign` is kept, but inputs that are not negative give {least:g}", case)
    if op.keeps_zeros:
        largest = np.abs(op.compute(tuple(map(np.zeros_like, inputs)), weights)).max()
        demand(largest == 0, f"`keeps_zeros` is set, but zeros give {largest:g}", case)
    if op.commutes:
        same = np.allclose(op.compute(inputs[::-1], weights), output)
        demand(same, "`commutes` is set, but inputs in another order give other values", case)
    if op.gives_probabilities:
        same = np.allclose(output.sum(1), 1)
        demand(same, "`gives_probabilities` is set, but the outputs do not sum to 1", case)
    return {}


def _weights(op: Op, tensors: tuple[Tensor, ...], random: Any) -> dict[str, Array]:
    """Random parameters, above zero as a variance must be."""
    return {p.name: random.uniform(0.5, 1.5, size=p.shape) for p in op.parameters(tensors)}
