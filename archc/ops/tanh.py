"""Hyperbolic tangent, the unit that the paper measured ReLU against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from archc.example import HEAD
from archc.ops.op import Kept, Op
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class Tanh(Op, frozen=True):
    """tanh(x), each value by itself: any shape -> the same shape."""

    shape_rule: ClassVar[str] = "any shape -> the same shape"
    failing: ClassVar[str] = HEAD + "  tanh1: {op: tanh, from: [image, image]}\n"
    corrected: ClassVar[str] = HEAD + "  tanh1: {op: tanh, from: image}\n"
    op: Literal["tanh"]

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        return inputs[0]

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        return np.tanh(inputs[0])

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Its output, from which 1 - tanh(x)² is computed."""
        return Kept(output=True)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """A hyperbolic tangent a value, as one operation."""
        return output.size
