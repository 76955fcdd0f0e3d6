"""How many bytes a training step or an inference takes, and the layer at which they are the most.

Follows the values, their gradients and what each op keeps through one forward and one backward pass, in the order in
which they are computed. The conventions, and what is left out, are the page of `archc explain memory`.
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
    """Of one layer, in bytes."""

    kept: int
    """What it is the first to keep for its backward pass."""
    working: int = 0
    """The most, forward or backward, that is alive beside weights, gradients, momentum and all that is kept."""
    peak: int = 0
    """The most of all that is alive while it computes, forward or backward."""
    gradients: int = 0
    """Of weights, at that moment."""
    alive: int = 0
    """Of all that is kept, at that moment."""


class Memory(NamedTuple):
    """In bytes. Gradients of weights come while activations go, so that the peak is less than the sum of all parts."""

    layers: dict[str, LayerMemory]
    weights: int
    gradients: int
    momentum: int

    @property
    def activations(self) -> int:
        """All that is kept from the forward for the backward pass."""
        return sum(layer.kept for layer in self.layers.values())

    @property
    def working(self) -> int:
        return max((layer.working for layer in self.layers.values()), default=0)

    @property
    def peak(self) -> int:
        return max((layer.peak for layer in self.layers.values()), default=self.weights + self.momentum)

    @property
    def peak_layer(self) -> str:
        """The layer at which the peak occurs, the first of several; empty for a network without layers."""
        return max(self.layers, key=lambda name: self.layers[name].peak, default="")


def memory(
    graph: Graph,
    *,
    batch: int,
    precision: Precision = "float32",
    training: bool = True,
    shares: Mapping[str, Share] | None = None,
) -> Memory:
    """The memory of a step of training, or of an inference, on a batch; on one device of several by its `shares`."""
    inputs, layers = lay_out(Run(graph, batch, precision, training, shares))
    trained = sum(layer.trained for layer in layers)
    weights = FLOAT32 * (trained + sum(layer.statistics for layer in layers))
    learned = FLOAT32 * trained if training else 0
    alive = _Alive(weights + learned, inputs)
    told = {layer.name: LayerMemory(layer.kept if training else 0) for layer in layers}
    for layer in layers:
        alive.forward(layer, told[layer.name])
    if training:
        alive.ask_gradients(dict.fromkeys(layer.output for layer in layers if layer.output.last == len(layers)))
        for layer in reversed(layers):
            alive.backward(layer, told[layer.name])
    return Memory(told, weights=weights, gradients=learned, momentum=learned)


def in_units(size: int) -> str:
    """Bytes to three digits, as `1.05 GiB`."""
    for unit, one in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size >= one:
            return f"{size / one:.3g} {unit}" if size < 1000 * one else f"{size / one:,.0f} {unit}"
    return f"{size} bytes"


class _Alive:
    """The bytes that are alive: held throughout, gradients of weights, what is kept, and all other values."""

    def __init__(self, held: int, inputs: list[Value]) -> None:
        self._held, self._gradients, self._kept, self._others = held, 0, 0, 0
        self._with_gradient: set[Value] = set()
        for value in inputs:
            self._make(value)

    def forward(self, layer: LayerValues, told: LayerMemory) -> None:
        """The output is made; then what no later layer reads is dropped, unless it is kept."""
        if not layer.is_view:
            self._make(layer.output)
        self._kept += layer.own + layer.copies
        self._tell(told, layer.forward)
        for value in {*layer.reads, layer.output}:
            if value.last == layer.index and value.keeper is None:
                self._others -= value.size

    def ask_gradients(self, outputs: Iterable[Value]) -> None:
        """The loss gives the outputs' gradients."""
        for value in outputs:
            self._add_gradient(value)

    def backward(self, layer: LayerValues, told: LayerMemory) -> None:
        """Gradients of weights and of what it reads are made; then that of its output and what it kept are dropped."""
        if layer.output in self._with_gradient and not layer.is_view:
            added = sum(self._add_gradient(value) for value in layer.reads)
            if not layer.narrow:
                self._gradients += FLOAT32 * layer.trained
            self._tell(told, layer.backward + added + layer.narrow)
            self._others -= layer.output.size
        self._kept -= told.kept
        self._others += sum(value.size for value in layer.reads if value.is_input and value.keeper == layer.index)
        if layer.narrow:  # made wide when what its layer kept is gone
            self._gradients += FLOAT32 * layer.trained
            self._tell(told, layer.narrow)

    def _make(self, value: Value) -> None:
        if value.keeper is None:
            self._others += value.size
        else:
            self._kept += value.size

    def _add_gradient(self, value: Value) -> int:
        """Make a value's gradient, or add to the one that another reader made: what that takes for a moment."""
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
