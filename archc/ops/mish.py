"""Mish (Misra, arXiv 1908.08681)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from archc.example import HEAD
from archc.ops.activation import KeepsInput

if TYPE_CHECKING:
    from archc.ops.op import Array


class Mish(KeepsInput, frozen=True):
    """x tanh(log(1 + exp(x))), each value by itself: any shape -> the same shape."""

    failing = HEAD + "  mish1: {op: mish, inplace: true}\n"
    corrected = HEAD + "  mish1: {op: mish}\n"
    output_sign = "kept"
    keeps_zeros = True
    narrows = True
    per_value = 5
    element_ops_words = "5"
    op: Literal["mish"]

    def value(self, x: Array) -> Array:
        import numpy as np

        return x * np.tanh(np.logaddexp(0, x))
