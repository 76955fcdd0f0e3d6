"""Hyperbolic tangent, the activation that the AlexNet paper compares ReLU with (section 3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from archc.example import HEAD
from archc.ops.activation import Activation

if TYPE_CHECKING:
    from archc.ops.op import Array


class Tanh(Activation, frozen=True):
    """tanh(x), each value by itself: any shape -> the same shape."""

    failing = HEAD + "  tanh1: {op: tanh, from: [image, image]}\n"
    corrected = HEAD + "  tanh1: {op: tanh, from: image}\n"
    output_sign = "kept"
    keeps_zeros = True
    narrows = True
    op: Literal["tanh"]

    def value(self, x: Array) -> Array:
        import numpy as np

        return np.tanh(x)
