"""Parametric rectified linear unit (He et al., arXiv 1502.01852)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import Real
from archc.ops.foreign import Conversion, Converted, UsualValues, spelled, switched
from archc.ops.op import Op, OtherNames
from archc.ops.properties import FLOAT32, Kept, Parameter, Scratch
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


_ZEROS = ("zeros", "Zeros", "zero")
_FILLERS = ("alpha_initializer", "filler")


def _first_slope(word: str, values: Mapping[str, Any]) -> Converted | None:
    """The first slope from Keras's initialiser or Caffe's filler, if that is a constant."""
    match values[word]:
        case int() | float() as slope:
            return Converted({word: ("initial", slope)})
        case str() as kind if kind in _ZEROS:
            return Converted({word: ("initial", 0)})
        case {"type": "constant" | "Constant", "value": int() | float() as slope, **rest} if not rest:
            return Converted({word: ("initial", slope)})
        case other:
            help = f"archc has no `{spelled(other)[:64]}` for slopes: write one number, `initial: …`"
            return Converted({word: None}, certain=False, help=help)


def _slopes(values: Mapping[str, Any]) -> Converted | None:
    """PyTorch's number of slopes: 1 is shared by all maps, any other is one for each."""
    count = values["num_parameters"]
    if type(count) is not int or count < 1:
        return None
    note = "PyTorch has one slope for all maps, or as many as maps"
    return Converted({"num_parameters": ("shared", count == 1)}, (note,))


def _axes(values: Mapping[str, Any]) -> Converted | None:
    """Keras's axes that share a slope: those of the positions."""
    axes: object = values["shared_axes"]
    if axes in ([1, 2], [1]):
        return Converted({"shared_axes": ("shared", False)}, ("with its positions shared, each map has one slope",))
    if axes == [1, 2, 3]:
        return Converted({"shared_axes": ("shared", True)}, ("with all axes shared, there is one slope",))
    return Converted({"shared_axes": None}, certain=False, help="write `shared: true` or `shared: false`")


class Prelu(Op, frozen=True):
    """x where x is positive, and a learned slope times x elsewhere: any shape -> the same shape.

    There is a slope for each map or unit, or with `shared: true` one for all.
    """

    shape_rule = "any shape -> the same shape"
    failing = HEAD + "  prelu1: {op: prelu, initial: 0.25}\n"
    corrected = HEAD + "  prelu1: {op: prelu, initial: 0.25, shared: false}\n"
    spoken = "PReLU"
    other_names = ("parametric_relu", "parametric_rectifier")
    other_field_names: ClassVar[OtherNames] = {"initial": ("init", "initial_slope"), "shared": ("channel_shared",)}
    conversions = (
        Conversion(("num_parameters",), _slopes),
        Conversion(("shared_axes",), _axes),
        switched("channel_shared", "shared", {True: True, False: False}),
        *(Conversion((word,), partial(_first_slope, word)) for word in _FILLERS),
    )
    usual: ClassVar[UsualValues] = {
        "PReLU": {"initial": {"PyTorch": 0.25, "Caffe": 0.25, "Keras": 0}, "shared": {"PyTorch": True, "Caffe": False}},
    }
    keeps_shape = True
    is_activation = True
    output_sign = "kept"
    keeps_zeros = True
    autocast = "narrow"
    element_ops_words = "2"
    kept_words = "its input"
    op: Literal["prelu"]
    initial: Real = Field(
        description="Initial value of every slope: 0.25 by default in PyTorch and in Caffe, 0 in Keras."
    )
    shared: bool = Field(
        description="Whether one slope is learned for all maps, as by default in PyTorch, instead of one for each."
    )

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        return inputs[0]

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        (x,) = inputs
        return np.where(x > 0, x, weights["weight"].reshape(-1, *[1] * (x.ndim - 2)) * x)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        return Kept(inputs=True)

    def scratch(self, inputs: tuple[Tensor, ...], output: Tensor, *, narrow: bool) -> Scratch:
        """The gradients of the slopes before their sum, one per value; PyTorch computes those of the input, too."""
        values = output.size * (FLOAT32 // 2 if narrow else FLOAT32)
        return Scratch(backward=values, unread=values)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """One comparison and one multiplication per value."""
        return 2 * output.size

    @property
    def has_common_parameters(self) -> bool:
        return self.shared

    def parameters(self, inputs: tuple[Tensor, ...]) -> tuple[Parameter, ...]:
        (x,) = inputs
        # Initialised with a constant, so that the fan-in is not used.
        return (Parameter("weight", (1 if self.shared else x.channels,), fan_in=1, initial=self.initial),)

    def summary(self) -> str:
        return "one slope" if self.shared else ""
