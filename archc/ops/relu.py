"""Rectified linear unit (Nair and Hinton, ICML 2010)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.activation import Activation
from archc.ops.fields import Positive
from archc.ops.foreign import Conversion, Converted, Needless, NeedlessFields, UsualValues, spelled
from archc.ops.op import OtherNames
from archc.ops.properties import Kept
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


def _leaky(value: object) -> str:
    """Where the slope of negative values is given instead."""
    return f"write `op: leaky_relu, slope: {spelled(value)}`" if type(value) in (int, float) else ""


_ZERO = "negative values become zero, and no others are changed"
_OF_SIX = ("ReLU6", "clipped_relu6")


def _bound(values: Mapping[str, Any]) -> Converted | None:
    largest = values["max_value"]
    return None if largest is None else Converted({"max_value": ("max", largest)})


class Relu(Activation, frozen=True):
    """max(x, 0), with `max:` at most that number, each value by itself: any shape -> the same shape."""

    failing = HEAD + "  relu1: {op: relu, inplace: true}\n"
    corrected = HEAD + "  relu1: {op: relu}\n"
    spoken = "ReLU"
    other_names = ("rectifier", "rectify", "rectified_linear", "relun", "clipped_relu", *_OF_SIX)
    # Without a bound beside it, such a name does not tell which one.
    loose_names = ("relun", "clipped_relu")
    other_field_names: ClassVar[OtherNames] = {"max": ("ceiling", "clip")}
    usual: ClassVar[UsualValues] = {name: {"max": 6} for name in _OF_SIX}
    needless: ClassVar[NeedlessFields] = {
        "negative_slope": Needless(_ZERO, (0,), instead=_leaky),
        "alpha": Needless(_ZERO, (0,), instead=_leaky),
        "threshold": Needless(_ZERO, (0,)),
        "max_value": Needless("no positive value is changed", (None,)),
    }
    # Keras writes `max_value: null` where there is no bound.
    conversions: ClassVar[tuple[Conversion, ...]] = (Conversion(("max_value",), _bound),)
    output_sign = "nonnegative"
    keeps_zeros = True
    narrows = True
    element_ops_words = "1; with `max`, 2"
    kept_words = "its output; with `max`, its input"
    op: Literal["relu"]
    max: Positive | None = Field(
        default=None, description="Largest output, such as 6 in MobileNet's ReLU6; without it, there is none."
    )

    def value(self, x: Array) -> Array:
        return x.clip(0, self.max)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Its output; with a bound its input, since the output does not show which values were at the bound."""
        return Kept(output=self.max is None, inputs=self.max is not None)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """One comparison per value for each bound."""
        return (1 if self.max is None else 2) * output.size

    def summary(self) -> str:
        return "" if self.max is None else f"max {self.max:g}"
