"""The sum of layers, as at the end of a residual block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from archc.example import HEAD
from archc.ops.op import Kept, Op
from archc.ops.unequal import unequal
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class Add(Op, frozen=True):
    """The sum of two or more inputs of equal shape, place by place."""

    arity: ClassVar[tuple[int, int | None]] = (2, None)
    shape_rule: ClassVar[str] = "equal shapes -> the same shape"
    failing: ClassVar[str] = (
        HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n  sum1: {op: add, from: [image, pool1]}\n"
    )
    corrected: ClassVar[str] = HEAD + "  relu1: {op: relu}\n  sum1: {op: add, from: [image, relu1]}\n"
    op: Literal["add"]

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        if len(set(inputs)) > 1:
            shapes = ", ".join(map(str, inputs))
            raise unequal(f"{{name}} adds inputs of unequal shape: {shapes}", inputs, channels=True)
        return inputs[0]

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        return np.sum(inputs, axis=0)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Nothing: the gradient of a sum is that of each of its parts."""
        return Kept()

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """An addition a value for each input but the first."""
        return (len(inputs) - 1) * output.size
