"""Sigmoid linear unit (Hendrycks and Gimpel, arXiv 1606.08415), or Swish (Ramachandran et al., arXiv 1710.05941)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from archc.example import HEAD
from archc.ops.activation import KeepsInput
from archc.ops.foreign import Needless, NeedlessFields
from archc.ops.sigmoid import logistic

if TYPE_CHECKING:
    from archc.ops.op import Array


class Silu(KeepsInput, frozen=True):
    """x / (1 + exp(-x)), each value by itself: any shape -> the same shape."""

    failing = HEAD + "  silu1: {op: silu, inplace: true}\n"
    corrected = HEAD + "  silu1: {op: silu}\n"
    spoken = "SiLU"
    other_names = ("swish", "swish1")
    needless: ClassVar[NeedlessFields] = {"beta": Needless("the sigmoid is of x itself", (1,))}
    output_sign = "kept"
    keeps_zeros = True
    narrows = True
    per_value = 3
    element_ops_words = "3"
    op: Literal["silu"]

    def value(self, x: Array) -> Array:
        return x * logistic(x)
