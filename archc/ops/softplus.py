"""A smooth ReLU (Dugas et al., NIPS 2000)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from archc.example import HEAD
from archc.ops.activation import KeepsInput
from archc.ops.foreign import Needless, NeedlessFields
from archc.ops.properties import Kept
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class Softplus(KeepsInput, frozen=True):
    """log(1 + exp(x)), each value by itself: any shape -> the same shape.

    PyTorch returns x itself where x is above 20, which differs by less than 3e-9.
    """

    failing = HEAD + "  plus1: {op: softplus, inplace: true}\n"
    corrected = HEAD + "  plus1: {op: softplus}\n"
    other_names = ("soft_relu", "bnll")
    needless: ClassVar[NeedlessFields] = {
        "beta": Needless("exp is of x itself", (1,)),
        "threshold": Needless("it has the same formula for every x", (20,)),
    }
    output_sign = "nonnegative"
    narrows = True
    autocast = "wide"
    per_value = 3
    element_ops_words = "3"
    kept_words = "its input in float32"
    op: Literal["softplus"]

    def value(self, x: Array) -> Array:
        import numpy as np

        return np.logaddexp(0, x)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        return Kept(inputs=True, wide=True)
