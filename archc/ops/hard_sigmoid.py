"""A piecewise linear sigmoid (Howard et al., arXiv 1905.02244)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from archc.example import HEAD
from archc.ops.activation import KeepsInput
from archc.ops.foreign import Needless, NeedlessFields

if TYPE_CHECKING:
    from archc.ops.op import Array


_SIXTH = (1 / 6, 0.1666667, 0.166667, 0.16667, 0.1667)
"""Slopes of another framework that mean one sixth."""


class HardSigmoid(KeepsInput, frozen=True):
    """min(max(x + 3, 0), 6) / 6, each value by itself, from 0 to 1: any shape -> the same shape.

    This is the function of PyTorch, of Keras 3 and of MobileNetV3. Keras 2 has a slope of 0.2 instead of 1/6.
    """

    failing = HEAD + "  gate1: {op: hard_sigmoid, inplace: true}\n"
    corrected = HEAD + "  gate1: {op: hard_sigmoid}\n"
    other_names = ("hsigmoid", "h_sigmoid", "HardSigmoid")
    loose_names = ("HardSigmoid",)  # in Keras 2, in ONNX and in MXNet its slope is 0.2
    needless: ClassVar[NeedlessFields] = {
        "alpha": Needless("its slope is 1/6", _SIXTH),
        "beta": Needless("it is 1/2 at zero", (0.5,)),
    }
    output_sign = "nonnegative"
    narrows = True
    per_value = 4
    element_ops_words = "4"
    op: Literal["hard_sigmoid"]

    def value(self, x: Array) -> Array:
        return (x + 3).clip(0, 6) / 6
