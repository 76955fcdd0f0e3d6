"""Parameters, arithmetic and activations of each layer and of the whole network.

`archc explain macs` describes the conventions, and how the counters of other tools differ from them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from operator import attrgetter

from archc.graph import Graph, Node


@dataclass(frozen=True, slots=True)
class LayerCounts:
    """The counts of one layer.

    `weights` and `biases` are trained; `statistics` are updated from the batches. The other counts are per example:
    multiply-accumulates of the forward pass (`macs`) and of the backward pass (`backward_macs`), other scalar
    operations of the forward pass (`element_ops`), and output values (`activations`).
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
        """The number of trained values."""
        return self.weights + self.biases


@dataclass(frozen=True, slots=True)
class Counts(LayerCounts):
    """The counts of the whole network, and those of each layer in the order of the graph.

    `learned` are the layers that are trained or that depend on one that is. Only their outputs have gradients.
    """

    layers: dict[str, LayerCounts]
    learned: frozenset[str]


def count(graph: Graph) -> Counts:
    """The counts of every layer and their sums."""
    layers: dict[str, LayerCounts] = {}
    learned: set[str] = set()
    for node in graph.nodes:
        reads_learned = not learned.isdisjoint(node.inputs)
        layers[node.name] = counts = _count(graph, node, reads_learned=reads_learned)
        if reads_learned or counts.parameters:
            learned.add(node.name)
    totals = {field.name: sum(map(attrgetter(field.name), layers.values())) for field in fields(LayerCounts)}
    return Counts(**totals, layers=layers, learned=frozenset(learned))


def _count(graph: Graph, node: Node, *, reads_learned: bool) -> LayerCounts:
    """The counts of one layer; `reads_learned` if its input needs a gradient."""
    inputs = graph.tensors(node.inputs)
    numbers = node.op.numbers(inputs)
    macs = node.op.macs(inputs, node.output)
    return LayerCounts(
        weights=numbers.weights,
        biases=numbers.biases,
        statistics=numbers.statistics,
        macs=macs,
        backward_macs=node.op.backward_macs(inputs, macs, learns=numbers.weights > 0, reads_learned=reads_learned),
        element_ops=node.op.element_ops(inputs, node.output),
        activations=node.output.size,
    )
