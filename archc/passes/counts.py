"""How many parameters and multiply-accumulates each layer has, and the network."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from archc.graph import Graph


@dataclass(frozen=True, slots=True)
class LayerCounts:
    """Of one layer: learned values, and multiply-accumulates for one example."""

    parameters: int
    macs: int


@dataclass(frozen=True)
class Counts:
    """By layer, in the graph's order, and in total."""

    layers: dict[str, LayerCounts]

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers.values())

    @property
    def macs(self) -> int:
        return sum(layer.macs for layer in self.layers.values())


def count(graph: Graph) -> Counts:
    """The counts of every layer."""
    layers: dict[str, LayerCounts] = {}
    for node in graph.nodes:
        inputs = graph.tensors(node.inputs)
        parameters = sum(prod(held.shape) for held in node.op.parameters(inputs) if held.trained)
        layers[node.name] = LayerCounts(parameters, node.op.macs(inputs, node.output))
    return Counts(layers)
