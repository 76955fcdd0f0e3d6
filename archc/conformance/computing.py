"""Compares the values that emitted source computes with those of `archc.conformance.reference`, for every layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archc.backend import Backend, EmittedSource
from archc.conformance.cases import Case
from archc.conformance.emission import demand, emitted
from archc.conformance.reference import evaluate
from archc.graph import Graph
from archc.ops.op import Op
from archc.tensor import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from archc.conformance.reference import Examples
    from archc.ops.op import Array

Compute = Callable[["EmittedSource", Graph, Mapping[str, "Array"], "Examples"], Mapping[str, "NDArray[Any]"]]
"""Runs emitted source. The backend's tests supply it, because only they know the framework.

It takes the source, the graph, the weights and examples: an array such as (N, C, H, W), or one for each of several
inputs by name; tokens are whole numbers. It returns the values of layers by their names in the spec, with the channels
first: maps as (N, C, H, W), sequences as (N, C, L). All are in float64, and the model is in inference mode. The keys of
the weights are a layer and a parameter, such as `conv1.weight`; the layout is that of `archc.ops.op.Parameter`."""

MOST_MACS = 20_000_000
"""Cases with more multiply-accumulates are not computed. The reference takes about a second for this many."""
_EXAMPLES, _RTOL, _ATOL = 2, 1e-9, 1e-11


def check_values(backend: Backend, case: Case, compute: Compute) -> Mapping[str, str]:
    """Check that the source of a case computes what the ops mean. Returns the unsupported layers.

    The network is emitted as it is, and once more with every layer as an output, so that each can be compared.
    """
    graph = case.facts.graph
    every_layer = tuple(node.name for node in graph.nodes)
    for outputs in dict.fromkeys((graph.outputs, every_layer)):
        variant = replace(graph, outputs=outputs)
        source = emitted(backend, case, variant)
        if not isinstance(source, EmittedSource):
            return source
        _compare(source, variant, case, compute)
    return {}


def _compare(source: EmittedSource, graph: Graph, case: Case, compute: Compute) -> None:
    import numpy as np

    random = np.random.default_rng(0)
    weights = {
        f"{node.name}.{name}": value
        for node in graph.nodes
        for name, value in random_parameters(node.op, graph.tensors(node.inputs), random).items()
    }
    x = random_examples(graph, random, _EXAMPLES)
    found, meant = compute(source, graph, weights, x), evaluate(graph, weights, x)
    missing = set(graph.outputs) - found.keys()
    demand(not missing, f"no values for {', '.join(sorted(missing))}", case)
    for name, value in found.items():
        expected = meant[name]
        shapes = f"{name}: expected shape {expected.shape}, got {value.shape}"
        demand(value.shape == expected.shape, shapes, case)
        off = np.abs(value - expected)
        close = bool((off <= _ATOL + _RTOL * np.abs(expected)).all())
        demand(close, f"{name}: largest error {off.max():g}, largest expected value {np.abs(expected).max():g}", case)


def random_examples(graph: Graph, random: Any, count: int) -> Examples:
    """Random examples of a network's inputs: normal numbers, and tokens of the whole vocabulary."""
    found = {
        name: random.standard_normal((count, *x.shape))
        if x.vocabulary is None
        else random.integers(x.vocabulary, size=(count, *x.shape))
        for name, x in graph.inputs.items()
    }
    first, *others = found.values()
    return found if others else first


def random_parameters(op: Op, inputs: tuple[Tensor, ...], random: Any) -> dict[str, Array]:
    """Random parameters of an op, by name, that can hide no mistake.

    No two are equal. Parameters that are not trained are above zero, because one of them is a variance.
    """
    return {
        parameter.name: random.normal(scale=0.2, size=parameter.shape)
        if parameter.trained
        else random.uniform(0.5, 1.5, size=parameter.shape)
        for parameter in op.parameters(inputs)
    }
