"""What each layer holds and what it takes to compute, and the network: parameters, arithmetic, activations.

The conventions, and how the counters of other tools differ from them, are the page of `archc explain macs`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import attrgetter

from archc.graph import Graph, Node


@dataclass(frozen=True, slots=True)
class LayerCounts:
    """Values held: `weights` and `biases`, which are trained, and `statistics`, which follow the batches.

    For one example: multiply-accumulates forward (`macs`) and of the gradients (`backward_macs`), the scalar operations
    besides them forward (`element_ops`), and the values of the output (`activations`).
    """

    weights: int
    biases: int
    statistics: int
    macs: int
    backward_macs: int
    element_ops: int
    activations: int

    @property
    def parameters(self) -> int:
        """All that is trained."""
        return self.weights + self.biases


@dataclass(frozen=True, slots=True)
class Counts(LayerCounts):
    """Of the whole network, and by layer in the graph's order."""

    layers: dict[str, LayerCounts]


def count(graph: Graph) -> Counts:
    """The counts of every layer and their sums."""
    layers: dict[str, LayerCounts] = {}
    # The values in which anything trained has a part: only those need a gradient.
    learned: set[str] = set()
    for node in graph.nodes:
        reads_learned = not learned.isdisjoint(node.inputs)
        layers[node.name] = counts = _count(graph, node, reads_learned=reads_learned)
        if reads_learned or counts.parameters:
            learned.add(node.name)
    totals = {field.name: sum(map(attrgetter(field.name), layers.values())) for field in fields(LayerCounts)}
    return Counts(**totals, layers=layers)


def _count(graph: Graph, node: Node, *, reads_learned: bool) -> LayerCounts:
    """One layer's; the gradient of its weights, and that of its input where one is needed, take its MACs once each."""
    inputs = graph.tensors(node.inputs)
    numbers = node.op.numbers(inputs)
    macs = node.op.macs(inputs, node.output)
    return LayerCounts(
        weights=numbers.weights,
        biases=numbers.biases,
        statistics=numbers.statistics,
        macs=macs,
        backward_macs=macs * ((numbers.weights > 0) + reads_learned),
        element_ops=node.op.element_ops(inputs, node.output),
        activations=node.output.size,
    )
