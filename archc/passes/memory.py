"""How many bytes a training step or an inference needs, and at which layer it needs the most.

Simulates one forward and one backward pass, layer by layer, and follows the values, their gradients and what each op
keeps. `archc explain memory` describes the conventions and what is not counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from archc.graph import Graph
from archc.language.spec import Precision
from archc.ops.op import FLOAT32
from archc.passes.values import LayerValues, Run, Share, Value, lay_out


@dataclass(slots=True)
class LayerMemory:
    """The memory of one layer, in bytes."""

    kept: int
    """Bytes kept for this layer's backward pass and not already kept by an earlier layer."""
    working: int = 0
    """Most bytes in memory while the layer runs, without weights, their gradients, momentum and kept values."""
    peak: int = 0
    """Most bytes in memory while the layer runs, forward or backward."""
    gradients: int = 0
    """Bytes of weights' gradients at the peak."""
    alive: int = 0
    """Bytes of all kept values at the peak."""


class Memory(NamedTuple):
    """The memory of a network, in bytes.

    The peak is less than the sum of the parts: activations are freed while the gradients of weights are made.
    """

    layers: dict[str, LayerMemory]
    weights: int
    gradients: int
    momentum: int

    @property
    def activations(self) -> int:
        """Bytes kept from the forward pass for the backward pass."""
        return sum(layer.kept for layer in self.layers.values())

    @property
    def working(self) -> int:
        """Most bytes in memory besides weights, their gradients, momentum and kept values."""
        return max((layer.working for layer in self.layers.values()), default=0)

    @property
    def peak(self) -> int:
        """Most bytes in memory at any moment."""
        return max((layer.peak for layer in self.layers.values()), default=self.weights + self.momentum)

    @property
    def peak_layer(self) -> str:
        """The first layer at which the peak occurs; empty for a network without layers."""
        return max(self.layers, key=lambda name: self.layers[name].peak, default="")


def memory(
    graph: Graph,
    *,
    batch: int,
    precision: Precision = "float32",
    training: bool = True,
    shares: Mapping[str, Share] | None = None,
) -> Memory:
    """The memory of a training step or of an inference on a batch; with `shares`, that of one of several devices."""
    inputs, layers = lay_out(Run(graph, batch, precision, training, shares))
    trained = sum(layer.trained for layer in layers)
    weights = FLOAT32 * (trained + sum(layer.statistics for layer in layers))
    learned = FLOAT32 * trained if training else 0
    alive = _Alive(weights + learned, inputs)
    told = {layer.name: LayerMemory(layer.kept if training else 0) for layer in layers}
    for layer in layers:
        alive.forward(layer, told[layer.name])
    if training:
        # A value whose `last` is beyond all layers is an output of the network.
        alive.ask_gradients(dict.fromkeys(layer.output for layer in layers if layer.output.last == len(layers)))
        for layer in reversed(layers):
            alive.backward(layer, told[layer.name])
    return Memory(told, weights=weights, gradients=learned, momentum=learned)


def in_units(size: int) -> str:
    """A number of bytes with three digits: `1.05 GiB`."""
    for unit, one in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size >= one:
            return f"{size / one:.3g} {unit}" if size < 1000 * one else f"{size / one:,.0f} {unit}"
    return f"{size} bytes"


class _Alive:
    """Counts the bytes in memory: weights and momentum, gradients of weights, kept values, and all other values."""

    def __init__(self, held: int, inputs: list[Value]) -> None:
        self._held, self._gradients, self._kept, self._others = held, 0, 0, 0
        self._with_gradient: set[Value] = set()
        for value in inputs:
            self._make(value)

    def forward(self, layer: LayerValues, told: LayerMemory) -> None:
        """Make the layer's output, then drop each value that no later layer reads, unless it is kept."""
        if not layer.is_view:
            self._make(layer.output)
        self._kept += layer.own + layer.copies
        self._tell(told, layer.forward)
        for value in {*layer.reads, layer.output}:
            if value.last == layer.index and value.keeper is None:
                self._others -= value.size

    def ask_gradients(self, outputs: Iterable[Value]) -> None:
        """Make the gradients of the network's outputs, which the loss gives."""
        for value in outputs:
            self._add_gradient(value)

    def backward(self, layer: LayerValues, told: LayerMemory) -> None:
        """Make the gradients of the layer's weights and inputs, then drop that of its output and what it kept."""
        if layer.output in self._with_gradient and not layer.is_view:
            added = sum(self._add_gradient(value) for value in layer.reads)
            if not layer.narrow:
                self._gradients += FLOAT32 * layer.trained
            self._tell(told, layer.backward + added + layer.narrow)
            self._others -= layer.output.size
        self._kept -= told.kept
        # The caller still has the network's input, so it stays in memory when the layer that kept it is done.
        self._others += sum(value.size for value in layer.reads if value.is_input and value.keeper == layer.index)
        if layer.narrow:  # the float32 copies of the gradients are made only after the layer's kept values are freed
            self._gradients += FLOAT32 * layer.trained
            self._tell(told, layer.narrow)

    def _make(self, value: Value) -> None:
        if value.keeper is None:
            self._others += value.size
        else:
            self._kept += value.size

    def _add_gradient(self, value: Value) -> int:
        """Make a value's gradient, or add to that of another reader; the bytes that this takes briefly."""
        if not value.learned:
            return 0
        if value in self._with_gradient:
            return value.size
        self._with_gradient.add(value)
        self._others += value.size
        return 0

    def _tell(self, told: LayerMemory, moment: int) -> None:
        told.working = max(told.working, self._others + moment)
        total = self._held + self._gradients + self._kept + self._others + moment
        if total > told.peak:
            told.peak, told.gradients, told.alive = total, self._gradients, self._kept
