"""Rectified linear unit (Nair and Hinton, ICML 2010)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from archc.example import HEAD
from archc.ops.activation import Activation

if TYPE_CHECKING:
    from archc.ops.op import Array


class Relu(Activation, frozen=True):
    """max(x, 0), each value by itself: any shape -> the same shape."""

    failing = HEAD + "  relu1: {op: relu, inplace: true}\n"
    corrected = HEAD + "  relu1: {op: relu}\n"
    spoken = "ReLU"
    output_sign = "nonnegative"
    keeps_zeros = True
    op: Literal["relu"]

    def value(self, x: Array) -> Array:
        return x.clip(min=0)
