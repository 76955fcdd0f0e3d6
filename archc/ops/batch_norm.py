"""Batch normalisation (Ioffe and Szegedy, arXiv 1502.03167)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import Positive, Rate
from archc.ops.op import Kept, Op, Parameter
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class BatchNorm(Op, frozen=True):
    """y = weight (x - mean) / sqrt(variance + epsilon) + bias, for each map or unit: any shape -> the same shape.

    While training, mean and variance are those of the batch, over all examples and places; else the running ones, of
    which a step keeps the share `momentum`: running <- momentum running + (1 - momentum) found, the found variance
    divided by its number of values less one. They begin at 0 and 1, weights at 1 and biases at 0.
    """

    shape_rule: ClassVar[str] = "any shape -> the same shape"
    failing: ClassVar[str] = HEAD + "  norm1: {op: batch_norm, epsilon: 1e-5}\n"
    corrected: ClassVar[str] = HEAD + "  norm1: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}\n"
    op: Literal["batch_norm"]
    epsilon: Positive = Field(description="What is added to the variance; PyTorch's default is 1e-5, Keras's 1e-3.")
    momentum: Rate = Field(
        description="Share of the running mean and variance that a step keeps, as in Keras and ONNX; PyTorch's "
        "`momentum` is the rest, so its default of 0.1 is 0.9 here."
    )

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        return inputs[0]

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        (x,) = inputs
        weight, bias, mean, variance = (
            weights[parameter].reshape(-1, *[1] * (x.ndim - 2)) for parameter in ("weight", "bias", "mean", "variance")
        )
        return weight * (x - mean) / np.sqrt(variance + self.epsilon) + bias

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Its input; the mean and deviation of each map, the same whatever the batch, are left out."""
        return Kept(inputs=True)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """With the running figures, a value: less the mean, times the weight, over the deviation, plus the bias; a map:
        epsilon added, the root taken."""
        return 4 * output.size + 2 * output.channels

    def parameters(self, inputs: tuple[Tensor, ...]) -> tuple[Parameter, ...]:
        (x,) = inputs
        shape = (x.channels,)
        learned = (Parameter(name, shape, fan_in=1) for name in ("weight", "bias"))
        running = (Parameter(name, shape, fan_in=1, trained=False) for name in ("mean", "variance"))
        return (*learned, *running)
