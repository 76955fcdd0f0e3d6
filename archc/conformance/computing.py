"""What emitted source computes, against `archc.conformance.reference`: every output and each layer between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archc.backend import Backend, EmittedSource
from archc.conformance.cases import Case
from archc.conformance.emission import demand, emitted
from archc.conformance.reference import evaluate
from archc.graph import Graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from archc.ops.op import Array

Compute = Callable[["EmittedSource", Graph, Mapping[str, "Array"], "Array"], Mapping[str, "NDArray[Any]"]]
"""What a backend's own tests give, since they alone know its framework: source, graph, weights and examples
(N, C, H, W) to the values of layers by the spec's names, maps as (N, C, H, W), all in float64 and not while training.
`weights` are by layer and parameter, such as `conv1.weight`, in the canonical layout of `archc.ops.op.Parameter`."""

MOST_MACS = 20_000_000
"""The most multiply-accumulates of a case that is computed: the reference takes a second for about so many."""
_EXAMPLES, _RTOL, _ATOL = 2, 1e-9, 1e-11


def check_values(backend: Backend, case: Case, compute: Compute) -> Mapping[str, str]:
    """What the source of a case computes is what the ops mean; returns the layers that the backend refuses.

    Every layer of the network is asked for: once more with each as an output where it has more than one.
    """
    graph = case.facts.graph
    telling = replace(graph, outputs=tuple(node.name for node in graph.nodes))
    for each in dict.fromkeys((graph.outputs, telling.outputs)):
        told = replace(graph, outputs=each)
        source = emitted(backend, case, told)
        if not isinstance(source, EmittedSource):
            return source
        _compare(source, told, case, compute)
    return {}


def _compare(source: EmittedSource, graph: Graph, case: Case, compute: Compute) -> None:
    import numpy as np

    random = np.random.default_rng(0)
    weights = _weights(graph, random)
    (image,) = graph.inputs.values()
    x = random.standard_normal((_EXAMPLES, *image.shape))
    found, meant = compute(source, graph, weights, x), evaluate(graph, weights, x)
    missing = set(graph.outputs) - found.keys()
    demand(not missing, f"nothing is computed for {', '.join(sorted(missing))}", case)
    for name, value in found.items():
        expected = meant[name]
        shapes = f"{name} is {value.shape}, not {expected.shape}"
        demand(value.shape == expected.shape, shapes, case)
        off = np.abs(value - expected)
        close = bool((off <= _ATOL + _RTOL * np.abs(expected)).all())
        demand(close, f"{name} is off by {off.max():g} of at most {np.abs(expected).max():g}", case)


def _weights(graph: Graph, random: Any) -> dict[str, Array]:
    """Weights that hide nothing: no two alike, what is not trained above zero, as a variance is."""
    return {
        f"{node.name}.{parameter.name}": random.normal(scale=0.2, size=parameter.shape)
        if parameter.trained
        else random.uniform(0.5, 1.5, size=parameter.shape)
        for node in graph.nodes
        for parameter in node.op.parameters(graph.tensors(node.inputs))
    }
