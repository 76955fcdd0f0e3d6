"""A constant mean and deviation for each map, as of the pictures that a network was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import PositivesField, RealsField
from archc.ops.foreign import Conversion, Converted, Needless, NeedlessFields, spelled
from archc.ops.op import Op, OtherNames
from archc.ops.properties import FLOAT32, Kept, Scratch
from archc.ops.shape_error import ShapeError
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


def _from_variance(values: Mapping[str, Any]) -> Converted | None:
    """Keras's variance: the square of the deviation."""
    written = values["variance"]
    numbers = cast(list[object], written if isinstance(written, list) else [written])
    if not all(type(number) in (int, float) and cast(float, number) > 0 for number in numbers):
        return None
    roots = [float(f"{cast(float, number) ** 0.5:.15g}") for number in numbers]
    std = roots if isinstance(written, list) else roots[0]
    note = f"the deviation is the root of the variance: {spelled(std)}"
    return Converted({"variance": ("std", std)}, (note,))


class Normalize(Op, frozen=True):
    """(x - mean) / std, with a mean and a deviation that the spec gives for each map: any shape -> the same shape.

    Both are constants: they are not trained, not counted and not saved with the weights.
    """

    shape_rule = "any shape -> the same shape"
    failing = HEAD + "  norm: {op: normalize, mean: [0.485, 0.456], std: [0.229, 0.224]}\n"
    corrected = HEAD + "  norm: {op: normalize, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]}\n"
    other_names = ("Normalization", "standardize")
    loose_names = ("Normalization",)  # without a mean, one that is learned from the data
    other_field_names: ClassVar[OtherNames] = {
        "mean": ("means", "image_mean", "mean_value", "mean_values"),
        "std": ("stddev", "stds", "image_std", "deviation", "standard_deviation"),
    }
    conversions = (Conversion(("variance",), _from_variance),)
    needless: ClassVar[NeedlessFields] = {
        "axis": Needless("it has a mean and a deviation for each map or unit", (1, -1)),
        "invert": Needless("it subtracts the mean first", (False,)),
    }
    keeps_shape = True
    is_linear = True
    element_ops_words = "2"
    kept_words = "nothing"
    op: Literal["normalize"]
    mean: RealsField = Field(description="What is subtracted: one number, or a list with one for each map or unit.")
    std: PositivesField = Field(description="What it is divided by then: one number, or a list as for `mean`.")

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        for field, numbers in (("mean", self.mean), ("std", self.std)):
            if len(numbers) not in (1, x.channels):
                raise ShapeError(
                    field,
                    "ARC219",
                    f"{{name}}'s `{field}` has {len(numbers)} numbers, and its input has {x.channels} {x.unit}",
                    help=f"write one number, or a list of {x.channels}",
                )
        return x

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        (x,) = inputs
        mean, std = (np.array(numbers).reshape(-1, *[1] * (x.ndim - 2)) for numbers in (self.mean, self.std))
        return (x - mean) / std

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Nothing: the gradient of the input needs only the deviation."""
        return Kept()

    def scratch(self, inputs: tuple[Tensor, ...], output: Tensor, *, narrow: bool) -> Scratch:
        """The difference, before it is divided."""
        return Scratch(forward=output.size * (FLOAT32 // 2 if narrow else FLOAT32))

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """A subtraction and a division per value."""
        return 2 * output.size
