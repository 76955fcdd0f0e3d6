"""The sum of layers, as at the end of a residual block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from archc.example import HEAD
from archc.ops.foreign import Needless, NeedlessFields
from archc.ops.op import FLOAT32, Kept, Op, Scratch
from archc.ops.unequal import unequal
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class Add(Op, frozen=True):
    """The sum of two or more inputs of equal shape, element by element."""

    arity = (2, None)
    shape_rule = "equal shapes -> the same shape"
    failing = HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n  sum1: {op: add, from: [image, pool1]}\n"
    corrected = HEAD + "  relu1: {op: relu}\n  sum1: {op: add, from: [image, relu1]}\n"
    other_names = ("sum", "Eltwise", "shortcut", "residual", "elementwise_add", "plus")
    loose_names = ("Eltwise", "residual")
    needless: ClassVar[NeedlessFields] = {
        "operation": Needless("its inputs are summed", ("SUM", "sum", "add", 1)),
        "mode": Needless("its inputs are summed", ("sum", "add")),
    }
    is_linear = True
    output_sign = "kept"
    keeps_zeros = True
    commutes = True
    element_ops_words = "one less than its inputs"
    kept_words = "nothing"
    passes_gradient = "same"
    op: Literal["add"]

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        if len(set(inputs)) > 1:
            shapes = ", ".join(map(str, inputs))
            raise unequal(f"{{name}} adds inputs of different shapes: {shapes}", inputs, channels=True)
        return inputs[0]

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        return np.sum(inputs, axis=0)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Nothing: every input has the gradient of the sum."""
        return Kept()

    def scratch(self, inputs: tuple[Tensor, ...], output: Tensor, *, narrow: bool) -> Scratch:
        """The sum so far, while a third or later input is added."""
        return Scratch(forward=output.size * (FLOAT32 // 2 if narrow else FLOAT32) if len(inputs) > 2 else 0)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """One addition per value for each input but the first."""
        return (len(inputs) - 1) * output.size
