"""Rectified linear unit (Nair and Hinton, ICML 2010)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from archc.example import HEAD
from archc.ops.activation import Activation
from archc.ops.foreign import Needless, NeedlessFields

if TYPE_CHECKING:
    from archc.ops.op import Array


_ZERO = "negative values become zero, and no others are changed"


class Relu(Activation, frozen=True):
    """max(x, 0), each value by itself: any shape -> the same shape."""

    failing = HEAD + "  relu1: {op: relu, inplace: true}\n"
    corrected = HEAD + "  relu1: {op: relu}\n"
    spoken = "ReLU"
    other_names = ("rectifier", "rectify", "rectified_linear")
    needless: ClassVar[NeedlessFields] = {
        "negative_slope": Needless(_ZERO, (0,)),
        "alpha": Needless(_ZERO, (0,)),
        "threshold": Needless(_ZERO, (0,)),
        "max_value": Needless("no positive value is changed", (None,)),
    }
    output_sign = "nonnegative"
    keeps_zeros = True
    op: Literal["relu"]

    def value(self, x: Array) -> Array:
        return x.clip(min=0)
