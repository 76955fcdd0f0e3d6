"""The logistic function, as at a gate or in the output of a yes-or-no question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from archc.example import HEAD
from archc.ops.activation import Activation

if TYPE_CHECKING:
    from archc.ops.op import Array


def logistic(x: Array) -> Array:
    """1 / (1 + exp(-x)), for values of any shape in NumPy float64."""
    import numpy as np

    # Of a large |x|, exp(|x|) would overflow.
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


class Sigmoid(Activation, frozen=True):
    """1 / (1 + exp(-x)), each value by itself, between 0 and 1: any shape -> the same shape.

    A final sigmoid is fused into the binary cross-entropy loss for training.
    """

    failing = HEAD + "  gate1: {op: sigmoid, inplace: true}\n"
    corrected = HEAD + "  gate1: {op: sigmoid}\n"
    other_names = ("logistic", "sigm", "sigmoid_activation")
    output_sign = "nonnegative"
    narrows = True
    per_value = 3
    element_ops_words = "3"
    op: Literal["sigmoid"]

    @property
    def fused_into(self) -> Literal["binary_cross_entropy"]:
        return "binary_cross_entropy"

    def value(self, x: Array) -> Array:
        return logistic(x)
