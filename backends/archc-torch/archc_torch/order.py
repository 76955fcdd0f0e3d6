"""The order of axes of each sequence: (N, C, L) where a convolution reads it, (N, L, C) where a dense layer does.

A plan becomes a plan in which each step reads sequences in the order of its rule: transpositions are steps of their
own, inserted before the step that needs one. The network's inputs and outputs are in the language's order, (N, C, L).
A transposition is a view, so it takes no time; but many layers copy a view that they read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from archc.emit.identifiers import free
from archc.emit.plan import SourcePlan, Step
from archc.emit.syntax import Expression, Name, call
from archc.graph import Node
from archc.ops.op import Op
from archc.ops.properties import Kept
from archc.passes.axes import FIRST, LAST, axis_of
from archc.source import Span
from archc.tensor import Tensor
from archc_torch.rules import ORDERS, rule

if TYPE_CHECKING:
    from archc.ops.op import Array


class Transposed(Op, frozen=True):
    """A sequence with its other order of axes; no spec can ask for it."""

    sequence_order = "any"
    op: Literal["transposed"]

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        return inputs[0]

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        return inputs[0].swapaxes(1, 2)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        return Kept()

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        return 0


@rule(Transposed)
def transposed(op: Transposed, step: Step) -> Expression:
    return call("torch.transpose", Name(step.reads[0]), FIRST, LAST)


def ordered(planned: SourcePlan) -> SourcePlan:
    """The plan in which every step reads sequences in the order that its rule expects."""
    if not any(x.is_sequence for step in planned.steps for x in (*step.inputs, step.node.output)):
        return planned
    ordering = _Ordering(planned)
    for step in planned.steps:
        ordering.visit(step)
    outputs = tuple(
        ordering.turned(value, x, FIRST, "") if x.is_sequence else value
        for value, x in zip(planned.outputs, planned.output_shapes, strict=True)
    )
    return planned.with_steps(ordering.steps, outputs)


def transposed_step(identifier: str, path: str, value: str, x: Tensor, axis: int, span: Span) -> Step:
    """A step that gives a sequence with its channels at an axis."""
    node = Node(path, Transposed(op="transposed"), (value,), x, span, {})
    return Step(identifier, node, (value,), (x,), axis, path)


class _Ordering:
    """Goes through the steps in order, and remembers the axis of the channels of each value."""

    def __init__(self, planned: SourcePlan) -> None:
        self.steps: list[Step] = []
        self._planned = planned
        self._axes: dict[str, int] = {}
        self._paths = {step.place for step in planned.steps}

    def visit(self, step: Step) -> None:
        """Append a step, after the transpositions that it needs."""
        axis = self._axis(step)
        reads = tuple(
            self.turned(value, x, axis, step.node.name.rpartition(".")[0]) if x.is_sequence else value
            for value, x in zip(step.reads, step.inputs, strict=True)
        )
        self.steps.append(replace(step, reads=reads, axis=axis))
        self._axes[step.identifier] = axis

    def _axis(self, step: Step) -> int:
        sequences = [value for value, x in zip(step.reads, step.inputs, strict=True) if x.is_sequence]
        order = ORDERS.get(type(step.node.op), step.node.op.sequence_order)
        return axis_of(order, [self._axes.get(value, FIRST) for value in sequences])

    def turned(self, value: str, x: Tensor, axis: int, scope: str) -> str:
        """The name of a value in the order that a reader in a scope needs; a step transposes it if need be."""
        if self._axes.get(value, FIRST) == axis:
            return value
        identifier = self._planned.free(f"{value}_transposed")
        while identifier in self._axes:
            identifier += "_"
        # The same in each use of a block, which an identifier is not: they then have one class.
        path = free(f"{scope}.transposed", self._paths) if scope else identifier
        self._paths.add(path)
        self.steps.append(transposed_step(identifier, path, value, x, axis, self._planned.steps[0].node.span))
        self._axes[identifier] = axis
        return identifier
