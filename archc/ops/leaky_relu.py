"""Leaky rectified linear unit (Maas et al., ICML 2013)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.activation import KeepsInput
from archc.ops.fields import NotNegative
from archc.ops.foreign import UsualValues
from archc.ops.op import OtherNames

if TYPE_CHECKING:
    from archc.ops.op import Array


class LeakyRelu(KeepsInput, frozen=True):
    """x where x is positive, and slope x elsewhere, each value by itself: any shape -> the same shape."""

    failing = HEAD + "  leaky1: {op: leaky_relu}\n"
    corrected = HEAD + "  leaky1: {op: leaky_relu, slope: 0.01}\n"
    spoken = "leaky ReLU"
    other_names = ("leaky", "lrelu", "leaky_rectify")
    other_field_names: ClassVar[OtherNames] = {
        "slope": ("negative_slope", "alpha", "leak", "leakiness", "leakyness", "a"),
    }
    usual: ClassVar[UsualValues] = {
        "LeakyReLU": {"slope": {"PyTorch": 0.01, "Keras": 0.3, "MXNet": 0.25, "ONNX": 0.01}},
        "leaky_relu": {"slope": {"PyTorch": 0.01, "Keras": 0.2, "TensorFlow": 0.2}},
        "leaky": {"slope": 0.1},
        "leaky_rectify": {"slope": 0.01},
    }
    output_sign = "kept"
    keeps_zeros = True
    per_value = 2
    element_ops_words = "2"
    op: Literal["leaky_relu"]
    slope: NotNegative = Field(
        description="Factor of negative values: 0.01 by default in PyTorch, 0.3 in Keras's layer, 0.1 in darknet."
    )

    def value(self, x: Array) -> Array:
        import numpy as np

        return np.where(x > 0, x, self.slope * x)

    def summary(self) -> str:
        return f"slope {self.slope:g}"
