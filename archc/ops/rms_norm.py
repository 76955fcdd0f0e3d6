"""Normalisation by the root of the mean square (Zhang and Sennrich, arXiv 1910.07467)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import Positive
from archc.ops.foreign import Needless, NeedlessFields, UsualValues
from archc.ops.normalising import EPSILON_NAMES, affine
from archc.ops.op import INFERRED, Op, OtherNames
from archc.ops.properties import FLOAT32, Footprint, Kept, Parameter, Reach
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


def _channels(x: Tensor) -> tuple[object, ...]:
    return (x.channels, [x.channels])


class RmsNorm(Op, frozen=True):
    """y = weight x / sqrt(mean of x^2 + epsilon), over the maps or units at each position: any shape -> the same shape.

    No mean is subtracted and there is no bias. Each map or unit has a weight, which starts at 1.
    """

    shape_rule = "any shape -> the same shape"
    failing = HEAD + "  norm1: {op: rms_norm}\n"
    corrected = HEAD + "  norm1: {op: rms_norm, epsilon: 1e-6}\n"
    spoken = "RMS norm"
    other_names = ("RMSNormalization",)
    other_field_names: ClassVar[OtherNames] = {"epsilon": EPSILON_NAMES}
    usual: ClassVar[UsualValues] = {
        "RMSNormalization": {"epsilon": {"Keras": 1e-6, "ONNX": 1e-5}},
        # The distance from 1 to the next number of float32.
        "RMSNorm": {"epsilon": 2**-23},
    }
    needless: ClassVar[NeedlessFields] = {
        "normalized_shape": Needless(INFERRED, inferred=_channels),
        "axis": Needless("it normalises over the maps or units", (-1, 3)),
        "elementwise_affine": Needless("it has a weight", (True,)),
        "stash_type": Needless("it is computed in float32", (1,)),
    }
    keeps_shape = True
    keeps_zeros = True
    normalises = "example"
    autocast = "wide"
    sequence_order = "last"
    element_ops_words = "4, and 2 for each position"
    kept_words = "its input, and the root of each position, in float32"
    op: Literal["rms_norm"]
    epsilon: Positive = Field(
        description="Number added to the mean square before the root; Keras's default is 1e-6, PyTorch's 2^-23."
    )

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        return inputs[0]

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        (x,) = inputs
        return affine(x / np.sqrt((x**2).mean(1, keepdims=True) + self.epsilon), weights)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Its input, and the inverse of the root of each position."""
        return Kept(inputs=True, wide=True, own=FLOAT32 * (output.size // output.channels))

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Per value: its square, in the sum of the mean, over the root, times the weight. Per position: plus epsilon,
        square root."""
        return 4 * output.size + 2 * (output.size // output.channels)

    def parameters(self, inputs: tuple[Tensor, ...]) -> tuple[Parameter, ...]:
        # Initialised with a constant, so that the fan-in is not used.
        return (Parameter("weight", (inputs[0].channels,), fan_in=1, initial=1),)

    def footprint(self, inputs: tuple[Tensor, ...]) -> tuple[Footprint, Footprint] | None:
        """Only the position itself; a vector has no positions."""
        return super().footprint(inputs) if not inputs[0].is_vector else None

    def reach(self) -> Reach:
        return Reach(groups=1)
