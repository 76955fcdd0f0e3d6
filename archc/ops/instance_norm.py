"""Instance normalisation (Ulyanov, Vedaldi and Lempitsky, arXiv 1607.08022)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from archc.example import HEAD
from archc.ops.foreign import Needless, NeedlessFields, UsualValues
from archc.ops.normalising import OfExample, affine
from archc.ops.properties import FLOAT32, Footprint, Kept
from archc.ops.shape_error import require_maps
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


_NO_STATISTICS = "it keeps no running statistics"


def _off(fields: Mapping[str, object]) -> bool | None:
    """PyTorch has neither a weight nor a bias unless `affine` says so."""
    return None if "affine" in fields else False


_OF_PYTORCH = {"epsilon": 1e-5, "scale": _off, "bias": _off}


class InstanceNorm(OfExample, frozen=True):
    """y = weight (x - mean) / sqrt(variance + epsilon) + bias, for each map of each example: (C, H, W) -> (C, H, W).

    A sequence (C, L) is normalised channel by channel. Mean and variance are those of the map, while training and
    otherwise; the variance is divided by its number of values. Each map has a weight and a bias. Weights start at 1 and
    biases at 0.
    """

    shape_rule = "(C, H, W) -> (C, H, W), or (C, L) -> (C, L)"
    failing = HEAD + "  flat: {op: flatten}\n  norm1: {op: instance_norm, epsilon: 1e-5}\n"
    corrected = HEAD + "  norm1: {op: instance_norm, epsilon: 1e-5}\n"
    other_names = ("InstanceNorm1d", "InstanceNorm2d", "InstanceNormalization")
    usual: ClassVar[UsualValues] = {
        **dict.fromkeys(("InstanceNorm1d", "InstanceNorm2d"), _OF_PYTORCH),
        "InstanceNorm": {"epsilon": 1e-5},
        "InstanceNormalization": {"epsilon": {"ONNX": 1e-5, "TensorFlow Addons": 1e-3}},
    }
    needless: ClassVar[NeedlessFields] = {
        "track_running_stats": Needless(_NO_STATISTICS, (False,)),
        "momentum": Needless(_NO_STATISTICS, "any"),
        "axis": Needless("it normalises each map", (-1, 3)),
    }
    normalises = "map"
    autocast = None
    kept_words = "its input, and a mean, a deviation and the weight of each map, in float32"
    op: Literal["instance_norm"]

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        if x.is_vector:
            require_maps(self, x)
        self.require_several(x, "use `op: layer_norm`, over the maps" if x.channels > 1 else "delete the layer")
        return x

    def count(self, x: Tensor) -> int:
        return x.size // x.channels

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        return affine(self.standard(inputs[0], tuple(range(2, inputs[0].ndim))), weights)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Its maps with the channels first, the mean and deviation of each, and the weights, which PyTorch repeats for
        each example; with a bias alone, they are ones."""
        figures = 3 if self.scale or self.bias else 2
        return Kept(inputs=True, turned=self.is_turned(output), own=figures * FLOAT32 * output.channels)

    def footprint(self, inputs: tuple[Tensor, ...]) -> tuple[Footprint, Footprint] | None:
        """All positions of the map."""
        return None
