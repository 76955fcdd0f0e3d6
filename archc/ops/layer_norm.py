"""Layer normalisation (Ba, Kiros and Hinton, arXiv 1607.06450)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.foreign import Conversion, Converted, Needless, NeedlessFields, UsualValues
from archc.ops.normalising import OfExample, affine
from archc.ops.op import INFERRED
from archc.ops.properties import FLOAT32, Footprint, Reach, Scratch
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


def _of_shape(values: Mapping[str, Any]) -> Converted | None:
    """PyTorch's `normalized_shape` of several sizes is that of a whole example."""
    shape: object = values["normalized_shape"]
    is_whole = isinstance(shape, list) and len(shape) > 1  # pyright: ignore[reportUnknownArgumentType]
    note = "PyTorch normalises over all of the axes in `normalized_shape`"
    return Converted({"normalized_shape": ("over", "all")}, (note,)) if is_whole else None


def _of_axes(values: Mapping[str, Any]) -> Converted | None:
    """Keras's `axis` of all axes is that of a whole example."""
    is_whole = values["axis"] in ([1, 2, 3], [-3, -2, -1], [1, 2], [-2, -1])
    return (
        Converted({"axis": ("over", "all")}, ("Keras normalises over all of the axes in `axis`",)) if is_whole else None
    )


def _channels(x: Tensor) -> tuple[object, ...]:
    """PyTorch's shape of the channels alone."""
    return (x.channels, [x.channels])


class LayerNorm(OfExample, frozen=True):
    """y = weight (x - mean) / sqrt(variance + epsilon) + bias, within each example: any shape -> the same shape.

    With `over: channels`, mean and variance are those of the maps or units at each position, and there are a weight and
    a bias for each map or unit. With `over: all`, they are those of all values, and each value has its own weight and
    bias. The variance is divided by the number of values. Weights start at 1 and biases at 0.
    """

    leading = ("over", "epsilon", "scale", "bias")
    failing = HEAD + "  norm1: {op: layer_norm}\n"
    corrected = HEAD + "  norm1: {op: layer_norm, epsilon: 1e-5}\n"
    other_names = ("LayerNorm2d", "LayerNormalization", "ln")
    usual: ClassVar[UsualValues] = {
        "LayerNorm": {"epsilon": 1e-5},
        "LayerNorm2d": {"epsilon": 1e-5},
        "LayerNormalization": {"epsilon": {"Keras": 1e-3, "ONNX": 1e-5}},
    }
    conversions = (Conversion(("normalized_shape",), _of_shape), Conversion(("axis",), _of_axes))
    needless: ClassVar[NeedlessFields] = {
        "normalized_shape": Needless(INFERRED, inferred=_channels),
        "axis": Needless("it normalises over the channels, unless `over: all`", (-1, [-1], 3, [3])),
        "rms_scaling": Needless("it divides by the deviation", (False,)),
        "stash_type": Needless("it is computed in float32", (1,)),
    }
    op: Literal["layer_norm"]
    over: Literal["channels", "all"] = Field(
        default="channels",
        description="`channels`: the maps or units at each position are normalised together, as in transformers and "
        "ConvNeXt; `all`: all values of an example.",
    )

    @property
    def sequence_order(self) -> Literal["first", "last"]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The shape of the weights of all values is the language's own, with the channels first."""
        return "first" if self.over == "all" else "last"

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        several = "use `over: all`" if x.size > 1 else "delete the layer"
        self.require_several(x, several, "over")
        return x

    def count(self, x: Tensor) -> int:
        return x.size if self.over == "all" else x.channels

    def learned(self, x: Tensor) -> tuple[int, ...]:
        return x.shape if self.over == "all" else (x.channels,)

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        (x,) = inputs
        return affine(self.standard(x, tuple(range(1, x.ndim)) if self.over == "all" else (1,)), weights)

    def scratch(self, inputs: tuple[Tensor, ...], output: Tensor, *, narrow: bool) -> Scratch:
        """Of all values of maps, a copy with the channels first in each pass."""
        copy = FLOAT32 * output.size if self.over == "all" and self.is_turned(output) else 0
        return Scratch(forward=copy, backward=copy)

    def footprint(self, inputs: tuple[Tensor, ...]) -> tuple[Footprint, Footprint] | None:
        """Of the channels, only the position itself; a vector has no positions."""
        return super().footprint(inputs) if self.over == "channels" and inputs[0].is_maps else None

    def summary(self) -> str:
        return ", ".join(filter(None, ("over all" if self.over == "all" else "", super().summary())))

    def reach(self) -> Reach:
        return Reach(groups=1)
