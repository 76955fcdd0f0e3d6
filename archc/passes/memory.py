"""How many bytes a training step or an inference needs, and at which layer it needs the most.

Simulates one forward and one backward pass, operation by operation, and follows the values, their gradients and what
each op keeps. `archc explain memory` describes the conventions and what is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from archc.graph import Graph
from archc.language.recipe import Precision
from archc.ops.properties import FLOAT32
from archc.passes.training_step import PLAIN, TrainingStep
from archc.passes.values import Operation, Run, Share, Value, lay_out


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
    step: TrainingStep = PLAIN,
) -> Memory:
    """The memory of a training step or of an inference on a batch; with `shares`, that of one of several devices.

    Of a batch in several parts, `batch` is the size of one, and the gradients of weights stay in memory between them.
    """
    inputs, operations = lay_out(Run(graph, batch, precision, training, shares))
    trained = sum(operation.trained for operation in operations)
    weights = FLOAT32 * (trained + sum(operation.statistics for operation in operations))
    learned = FLOAT32 * trained if training else 0
    momentum = step.moments * learned
    alive = _Alive(weights + momentum, inputs, learned if step.parts > 1 else None)
    told = {operation.layer: LayerMemory(kept=0) for operation in operations}
    for operation in operations:
        alive.forward(operation, told[operation.layer])
    if training:
        made = {operation.layer: operation.output for operation in operations}
        for value in dict.fromkeys(made[name] for name in graph.outputs if name in made):
            alive.ask_gradient(value)
        for operation in reversed(operations):
            alive.backward(operation, told[operation.layer])
    return Memory(told, weights=weights, gradients=learned, momentum=momentum)


@dataclass(slots=True, eq=False)
class _Gradient:
    """The memory of the gradients of one or more values: each of them is a use, and may be a view of the memory."""

    size: int
    uses: int = 1
    is_viewed: bool = False


class _Alive:
    """Counts the bytes in memory: weights and momentum, gradients of weights, kept values, and all other values."""

    def __init__(self, held: int, inputs: list[Value], added: int | None) -> None:
        """`added` are the gradients of weights of an earlier part of the batch, to which new ones are added."""
        self._held, self._gradients, self._kept, self._others = held, added or 0, 0, 0
        self._adds = added is not None
        self._gradient_of: dict[Value, _Gradient] = {}
        for value in inputs:
            self._make(value)

    def forward(self, operation: Operation, told: LayerMemory) -> None:
        """Make the output, then drop each value that no later operation reads, unless it is kept."""
        if not operation.is_view and operation.output.whole is None:
            self._make(operation.output)
        self._kept += operation.own + operation.copies
        told.kept += operation.kept
        self._tell(told, operation.forward)
        self._others -= sum([value.size for value in operation.frees])

    def ask_gradient(self, output: Value) -> None:
        """Make the gradient of an output of the network, which the loss gives."""
        if output.learned:
            self._gradient_of[output] = self._new(output.size)

    def backward(self, operation: Operation, told: LayerMemory) -> None:
        """Make the gradients of the weights and inputs, then drop that of the output and what was kept."""
        gradient = None if operation.is_view else self._gradient_of.pop(operation.output, None)
        learned = [value for value in operation.reads if value.learned] if gradient else []
        made = [self._passed(gradient, value, operation) for value in learned if gradient]
        if gradient:
            new = 0 if operation.narrow else FLOAT32 * operation.trained
            self._gradients += new
            self._tell(told, operation.backward + operation.narrow)
            self._gradients -= new if self._adds else 0
            self._drop(gradient)
        given = list(zip(learned, made, strict=True))
        if gradient and operation.after:  # the operation goes on when it has given its gradients
            self._add_gradients(given, told)
            self._tell(told, operation.after)
            given = []
        self._kept -= operation.kept
        # What the caller has stays in memory when the last operation that kept it is done.
        self._others += sum([value.size for value in operation.kept_values if value.is_held])
        self._add_gradients(given, told)
        if operation.narrow:  # the float32 copies of the gradients are made only after the kept values are freed
            new = FLOAT32 * operation.trained
            self._gradients += new
            self._tell(told, operation.narrow)
            self._gradients -= new if self._adds else 0

    def _make(self, value: Value) -> None:
        if value.keeper is None:
            self._others += value.size
        else:
            self._kept += value.size

    def _new(self, size: int) -> _Gradient:
        self._others += size
        return _Gradient(size)

    def _passed(self, gradient: _Gradient, value: Value, operation: Operation) -> _Gradient:
        """The gradient of an input: that of the output if the operation passes it on, else a new one."""
        if operation.passes_gradient is None or (operation.passes_gradient == "first" and value != operation.reads[0]):
            return self._new(value.size)
        gradient.uses += 1
        gradient.is_viewed = gradient.is_viewed or operation.passes_gradient == "view"
        return gradient

    def _drop(self, gradient: _Gradient) -> None:
        gradient.uses -= 1
        if not gradient.uses:
            self._others -= gradient.size

    def _add_gradients(self, given: list[tuple[Value, _Gradient]], told: LayerMemory) -> None:
        for value, added in given:
            self._add_gradient(value, added, told)

    def _add_gradient(self, value: Value, added: _Gradient, told: LayerMemory) -> None:
        """Give a value its gradient, or add to that of another reader: in place, if that has its memory for itself."""
        before = self._gradient_of.get(value)
        if before is None:
            self._gradient_of[value] = added
            return
        if before.uses > 1 or before.is_viewed:
            self._gradient_of[value] = self._new(value.size)
            self._tell(told, 0)
            self._drop(before)
        self._drop(added)

    def _tell(self, told: LayerMemory, moment: int) -> None:
        told.working = max(told.working, self._others + moment)
        total = self._held + self._gradients + self._kept + self._others + moment
        if total > told.peak:
            told.peak, told.gradients, told.alive = total, self._gradients, self._kept
