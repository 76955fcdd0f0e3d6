"""Group normalisation (Wu and He, arXiv 1803.08494)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import Count
from archc.ops.foreign import Conversion, Converted, Needless, NeedlessFields, UsualValues
from archc.ops.grouping import largest_divisor, undivided
from archc.ops.normalising import OfExample, affine
from archc.ops.op import OtherNames
from archc.ops.properties import FLOAT32, Footprint, Kept, Reach, Scratch
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


def _each(values: Mapping[str, Any]) -> Converted | None:
    """Keras's `groups: -1` is a group for each map."""
    help = "use `op: instance_norm`, which normalises each map"
    return Converted({"groups": None}, certain=False, help=help) if values["groups"] == -1 else None


class GroupNorm(OfExample, frozen=True):
    """y = weight (x - mean) / sqrt(variance + epsilon) + bias, for parts of the maps: any shape -> the same shape.

    Mean and variance are those of all values of a part, over its maps and all positions of one example; the variance is
    divided by their number. Each map or unit has a weight and a bias. Weights start at 1 and biases at 0.
    """

    leading = ("groups", "epsilon", "scale", "bias")
    failing = HEAD + "  norm1: {op: group_norm, groups: 2, epsilon: 1e-5}\n"
    corrected = HEAD + "  norm1: {op: group_norm, groups: 3, epsilon: 1e-5}\n"
    other_names = ("GroupNormalization", "gn")
    other_field_names: ClassVar[OtherNames] = {"groups": ("num_groups", "group")}
    usual: ClassVar[UsualValues] = {
        "GroupNorm": {"epsilon": 1e-5},
        "GroupNormalization": {"groups": 32, "epsilon": {"Keras": 1e-3, "ONNX": 1e-5}},
    }
    conversions = (Conversion(("groups",), _each),)
    needless: ClassVar[NeedlessFields] = {
        "axis": Needless("it divides the maps or units", (-1, 3)),
        "stash_type": Needless("it is computed in float32", (1,)),
    }
    op: Literal["group_norm"]
    groups: Count = Field(description="Number of equal parts of the maps or units; each is normalised by itself.")

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        if x.channels % self.groups:
            raise undivided(x, self.groups)
        fewer = largest_divisor(x.channels, at_most=self.groups - 1) if self.groups > 1 else 0
        self.require_several(x, f"use `groups: {fewer}`" if fewer else "delete the layer", "groups")
        return x

    def count(self, x: Tensor) -> int:
        return x.size // self.groups

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        (x,) = inputs
        parts = x.reshape(x.shape[0], self.groups, -1)
        return affine(self.standard(parts, (2,)).reshape(x.shape), weights)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Maps with the channels first."""
        return super().kept(inputs, output)._replace(turned=self.is_turned(output))

    def scratch(self, inputs: tuple[Tensor, ...], output: Tensor, *, narrow: bool) -> Scratch:
        """Of narrow maps, a copy in float32 with the channels last."""
        return Scratch(forward=FLOAT32 * output.size if narrow and self.is_turned(output) else 0)

    def footprint(self, inputs: tuple[Tensor, ...]) -> tuple[Footprint, Footprint] | None:
        """All positions."""
        return None

    def summary(self) -> str:
        return ", ".join(filter(None, (f"{self.groups} groups" if self.groups > 1 else "1 group", super().summary())))

    def reach(self) -> Reach:
        return Reach(groups=self.groups)

    def reads_words(self, x: Tensor) -> str:
        read = f"all {x.channels}" if self.groups == 1 else f"{x.channels // self.groups} of the {x.channels}"
        return f"each output reads {read} {x.unit}"

    def split(self, devices: int) -> Self:
        return self.model_copy(update={"groups": max(1, self.groups // devices)})
