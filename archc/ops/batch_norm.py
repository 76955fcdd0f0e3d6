"""Batch normalisation (Ioffe and Szegedy, arXiv 1502.03167)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import Rate
from archc.ops.foreign import (
    Conversion,
    Converted,
    Needless,
    NeedlessFields,
    Unlikely,
    UsualValues,
    complement,
    exact,
    spelled,
)
from archc.ops.normalising import Normalising, affine
from archc.ops.op import OtherNames
from archc.ops.properties import FLOAT32, Kept, Parameter
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


_OF_PYTORCH = ("BatchNorm2d", "BatchNorm1d", "SyncBatchNorm")
# PyTorch's default is 0.1, and no framework's is near one half: beyond it, the author may have meant the other share.
_HALF = 0.5


def _fixed(values: Mapping[str, Any]) -> Converted | None:
    """MXNet's `fix_gamma` keeps the weight at 1."""
    return Converted({"fix_gamma": ("scale", False)}) if values["fix_gamma"] in (True, 1) else None


class BatchNorm(Normalising, frozen=True):
    """y = weight (x - mean) / sqrt(variance + epsilon) + bias, for each map or unit: any shape -> the same shape.

    While training, mean and variance are those of the batch, over all examples and positions. Otherwise they are the
    running statistics, which each step updates: running <- momentum running + (1 - momentum) batch, with the batch's
    unbiased variance (divided by the number of values less one). The running mean starts at 0, the running variance
    at 1, weights at 1 and biases at 0.
    """

    leading = ("epsilon", "momentum", "scale", "bias")
    failing = HEAD + "  norm1: {op: batch_norm, epsilon: 1e-5}\n"
    corrected = HEAD + "  norm1: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}\n"
    other_names = (*_OF_PYTORCH, "BatchNormalization", "SpatialBN", "bn", "norm")
    other_field_names: ClassVar[OtherNames] = {
        "momentum": ("moving_average_fraction", "decay"),
    }
    loose_names = ("norm", "decay")
    usual: ClassVar[UsualValues] = {
        **{name: {"epsilon": 1e-5, "momentum": 0.9} for name in _OF_PYTORCH},
        "BatchNormalization": {"epsilon": {"Keras": 1e-3, "ONNX": 1e-5}, "momentum": {"Keras": 0.99, "ONNX": 0.9}},
        "BatchNorm": {"epsilon": {"Caffe": 1e-5, "MXNet": 1e-3}, "momentum": {"Caffe": 0.999, "MXNet": 0.9}},
    }
    conversions = (
        Conversion(
            ("momentum",),
            complement("momentum", "momentum", "PyTorch's share of each batch, and here the other one", below=_HALF),
            names=_OF_PYTORCH,
        ),
        Conversion(("fix_gamma",), _fixed),
    )
    needless: ClassVar[NeedlessFields] = {
        "track_running_stats": Needless("it keeps running statistics", (True,)),
        "fix_gamma": Needless("its weight is trained", (0, False)),
        "training_mode": Needless("it uses the batch's statistics while training", (0, False)),
        "use_running_average": Needless("it uses the batch's statistics while training", (None, False)),
        "use_global_stats": Needless("it uses the batch's statistics while training", (0, False)),
        "axis": Needless("it normalises each map or unit", (1, -1, 3)),
        "moving_mean_initializer": Needless("the running mean starts at 0", ("zeros",)),
        "moving_variance_initializer": Needless("the running variance starts at 1", ("ones",)),
    }
    is_linear = True
    normalises = "batch"
    element_ops_words = "2, 1 each for weight and bias, and 2 for each map or unit"
    kept_words = "its input, and the mean and deviation of each map or unit"
    op: Literal["batch_norm"]
    momentum: Rate = Field(
        description="Share of the running mean and variance that each step keeps, as in Keras and ONNX. PyTorch's "
        "`momentum` is the other share: its default of 0.1 is 0.9 here."
    )

    def unlikely(self) -> Unlikely | None:
        momentum = exact(self.momentum)
        if momentum is None or not 0 < momentum < _HALF:
            return None
        other = spelled(float(1 - momentum))
        return Unlikely(
            "momentum",
            f"{{name}}'s momentum of {momentum} keeps only {momentum} of the running mean in each step",
            f"PyTorch's `momentum` is the share of each batch, and here the other one: 1 - {momentum} = {other}",
            f"use `momentum: {other}` if {momentum} is PyTorch's",
        )

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        (x,) = inputs
        mean, variance = (weights[figure].reshape(-1, *[1] * (x.ndim - 2)) for figure in ("mean", "variance"))
        return affine((x - mean) / np.sqrt(variance + self.epsilon), weights)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Its input, and the batch's mean and deviation of each map or unit."""
        return Kept(inputs=True, once=2 * FLOAT32 * output.channels)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """With running statistics: per value, minus mean, over deviation, times weight, plus bias; per map, plus
        epsilon, square root."""
        return (2 + self.affine_ops) * output.size + 2 * output.channels

    def parameters(self, inputs: tuple[Tensor, ...]) -> tuple[Parameter, ...]:
        shape = (inputs[0].channels,)
        starts = {"mean": 0, "variance": 1}
        running = (Parameter(name, shape, fan_in=1, trained=False, initial=start) for name, start in starts.items())
        return (*super().parameters(inputs), *running)
