"""A learned factor for each map, as ConvNeXt's layer scale (Touvron et al., arXiv 2103.17239) and Caffe's Scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import Real
from archc.ops.foreign import Conversion, Converted, Needless, NeedlessFields, UsualValues
from archc.ops.op import Op, OtherNames
from archc.ops.properties import FLOAT32, Kept, Parameter, Scratch
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


def _filler(values: Mapping[str, Any]) -> Converted | None:
    """Caffe's filler of the factors, if it is a constant."""
    match values["filler"]:
        case {"type": "constant", "value": int() | float() as factor, **rest} if not rest:
            return Converted({"filler": ("initial", factor)})
        case int() | float() as factor:
            return Converted({"filler": ("initial", factor)})
        case _:
            return None


class Scale(Op, frozen=True):
    """y = weight x, with a learned weight for each map or unit: any shape -> the same shape.

    With `bias: true`, y = weight x + bias. Biases start at 0.
    """

    shape_rule = "any shape -> the same shape"
    failing = HEAD + "  scale1: {op: scale}\n"
    corrected = HEAD + "  scale1: {op: scale, initial: 1e-6}\n"
    other_names = ("layer_scale", "layer_scale2d", "affine", "channel_affine")
    loose_names = ("affine",)
    other_field_names: ClassVar[OtherNames] = {
        "initial": ("init", "init_value", "init_values", "init_scale", "layer_scale_init_value", "layer_scale"),
        "bias": ("bias_term", "use_bias", "shift"),
    }
    conversions = (Conversion(("filler",), _filler),)
    usual: ClassVar[UsualValues] = {"LayerScale": {"initial": {"timm": 1e-5, "torchvision": 1e-6}}}
    needless: ClassVar[NeedlessFields] = {
        **dict.fromkeys(("dim", "projection_dim"), Needless("archc infers it from the layer's input", "any")),
        "axis": Needless("it has a factor for each map or unit", (1,)),
        "num_axes": Needless("it has a factor for each map or unit", (1,)),
    }
    keeps_shape = True
    is_linear = True
    element_ops_words = "1; with a bias, 2"
    kept_words = "its input"
    op: Literal["scale"]
    initial: Real = Field(description="Initial value of every factor: 1 in Caffe's Scale, 1e-6 in ConvNeXt.")
    bias: bool = Field(default=False, description="Whether a learned number is added to each map or unit as well.")

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        return inputs[0]

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        (x,) = inputs
        per_map = {name: value.reshape(-1, *[1] * (x.ndim - 2)) for name, value in weights.items()}
        return per_map["weight"] * x + per_map.get("bias", 0)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        return Kept(inputs=True)

    def scratch(self, inputs: tuple[Tensor, ...], output: Tensor, *, narrow: bool) -> Scratch:
        """The product before the bias is added, and the gradient of the factors before its sum."""
        values = output.size * (FLOAT32 // 2 if narrow else FLOAT32)
        return Scratch(forward=values if self.bias else 0, backward=values)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """A multiplication per value, and an addition if there is a bias."""
        return (2 if self.bias else 1) * output.size

    def parameters(self, inputs: tuple[Tensor, ...]) -> tuple[Parameter, ...]:
        (x,) = inputs
        # Initialised with constants, so that the fan-in is not used.
        starts = {"weight": self.initial, **({"bias": 0} if self.bias else {})}
        return tuple(Parameter(name, (x.channels,), fan_in=1, initial=initial) for name, initial in starts.items())

    def summary(self) -> str:
        return f"from {self.initial:g}"
