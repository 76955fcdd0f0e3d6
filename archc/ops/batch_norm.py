"""Batch normalisation (Ioffe and Szegedy, arXiv 1502.03167)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import Positive, Rate
from archc.ops.foreign import Conversion, Needless, NeedlessFields, Unlikely, UsualValues, complement, exact, spelled
from archc.ops.op import Op, OtherNames, channels_of
from archc.ops.properties import FLOAT32, Kept, Parameter
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


_OF_PYTORCH = ("BatchNorm2d", "BatchNorm1d", "SyncBatchNorm")
# PyTorch's default is 0.1, and no framework's is near one half: beyond it, the author may have meant the other share.
_HALF = 0.5


class BatchNorm(Op, frozen=True):
    """y = weight (x - mean) / sqrt(variance + epsilon) + bias, for each map or unit: any shape -> the same shape.

    While training, mean and variance are those of the batch, over all examples and positions. Otherwise they are the
    running statistics, which each step updates: running <- momentum running + (1 - momentum) batch, with the batch's
    unbiased variance (divided by the number of values less one). The running mean starts at 0, the running variance
    at 1, weights at 1 and biases at 0.
    """

    shape_rule = "any shape -> the same shape"
    failing = HEAD + "  norm1: {op: batch_norm, epsilon: 1e-5}\n"
    corrected = HEAD + "  norm1: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}\n"
    other_names = (*_OF_PYTORCH, "BatchNormalization", "SpatialBN", "bn", "norm")
    other_field_names: ClassVar[OtherNames] = {
        "epsilon": ("eps", "variance_epsilon"),
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
    )
    needless: ClassVar[NeedlessFields] = {
        "num_features": Needless("archc infers it from the layer's input", inferred=channels_of),
        **dict.fromkeys(("affine", "center", "scale"), Needless("it has a weight and a bias", (True,))),
        "track_running_stats": Needless("it keeps running statistics", (True,)),
        "fix_gamma": Needless("its weight is trained", (0, False)),
        "training_mode": Needless("it uses the batch's statistics while training", (0, False)),
        "use_global_stats": Needless("it uses the batch's statistics while training", (0, False)),
        "axis": Needless("it normalises each map or unit", (1, -1, 3)),
        "beta_initializer": Needless("biases start at 0", ("zeros",)),
        "gamma_initializer": Needless("weights start at 1", ("ones",)),
        "moving_mean_initializer": Needless("the running mean starts at 0", ("zeros",)),
        "moving_variance_initializer": Needless("the running variance starts at 1", ("ones",)),
    }
    keeps_shape = True
    is_linear = True
    normalises = "batch"
    element_ops_words = "4, and 2 for each map or unit"
    kept_words = "its input, and the mean and deviation of each map or unit"
    op: Literal["batch_norm"]
    epsilon: Positive = Field(
        description="Number added to the variance before the root; PyTorch's default is 1e-5, Keras's 1e-3."
    )
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
        """Its input, and the batch's mean and deviation of each map or unit."""
        return Kept(inputs=True, once=2 * FLOAT32 * output.channels)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """With running statistics: four per value (minus mean, times weight, over deviation, plus bias) and two per map
        (plus epsilon, square root)."""
        return 4 * output.size + 2 * output.channels

    def parameters(self, inputs: tuple[Tensor, ...]) -> tuple[Parameter, ...]:
        (x,) = inputs
        shape = (x.channels,)
        # All of them are initialised with constants, so that the fan-in is not used.
        starts = {"weight": 1, "bias": 0, "mean": 0, "variance": 1}
        return tuple(
            Parameter(name, shape, fan_in=1, trained=name in ("weight", "bias"), initial=initial)
            for name, initial in starts.items()
        )
