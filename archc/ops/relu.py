"""Rectified linear unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from archc.example import HEAD
from archc.ops.op import Kept, Op
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class Relu(Op, frozen=True):
    """max(x, 0), each value by itself: any shape -> the same shape."""

    shape_rule: ClassVar[str] = "any shape -> the same shape"
    failing: ClassVar[str] = HEAD + "  relu1: {op: relu, inplace: true}\n"
    corrected: ClassVar[str] = HEAD + "  relu1: {op: relu}\n"
    op: Literal["relu"]

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        return inputs[0]

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        return inputs[0].clip(min=0)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Its output, zero where the gradient is; the layer that reads it often keeps it in any case."""
        return Kept(output=True)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """A comparison a value."""
        return output.size
