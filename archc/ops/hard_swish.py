"""A piecewise quadratic Swish (Howard et al., arXiv 1905.02244)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from archc.example import HEAD
from archc.ops.activation import KeepsInput

if TYPE_CHECKING:
    from archc.ops.op import Array


class HardSwish(KeepsInput, frozen=True):
    """x min(max(x + 3, 0), 6) / 6, each value by itself: any shape -> the same shape.

    Keras calls it `hard_silu` or `hard_swish`.
    """

    failing = HEAD + "  swish1: {op: hard_swish, inplace: true}\n"
    corrected = HEAD + "  swish1: {op: hard_swish}\n"
    other_names = ("hswish", "h_swish", "hard_silu", "hsilu")
    output_sign = "kept"
    keeps_zeros = True
    narrows = True
    per_value = 5
    element_ops_words = "5"
    op: Literal["hard_swish"]

    def value(self, x: Array) -> Array:
        return x * (x + 3).clip(0, 6) / 6
