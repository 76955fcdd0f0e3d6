"""Rows and columns off maps, or positions off the ends of a sequence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import Margins
from archc.ops.foreign import UsualValues
from archc.ops.moving import Moving
from archc.ops.op import OtherNames
from archc.ops.properties import Footprint
from archc.ops.shape_error import ShapeError
from archc.ops.sides import SidesField, axes, both_ends, footprints, require_sides
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class Crop(Moving, frozen=True):
    """Each map without some rows and columns at its edges: (C, H, W) -> (C, H', W'), or a sequence without its ends."""

    leading = ("cut",)
    shape_rule = "(C, H, W) -> (C, H - top - bottom, W - left - right), or (C, L) -> (C, L - left - right)"
    failing = HEAD + "  crop1: {op: crop, cut: 4}\n"
    corrected = HEAD + "  crop1: {op: crop, cut: 3}\n"
    other_names = ("Cropping1D", "Cropping2D")
    other_field_names: ClassVar[OtherNames] = {"cut": ("cropping", "margins", "padding")}
    loose_names = ("margins", "padding")
    usual: ClassVar[UsualValues] = {"Cropping1D": {"cut": 1}}
    conversions = (both_ends("cropping", "cut", ("Cropping1D",)),)
    op: Literal["crop"]
    cut: SidesField = Field(
        description="Rows and columns cut off each map: one number, [height, width] or {top, bottom, left, right}; "
        "positions cut off the ends of a sequence: one number or {left, right}."
    )

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        require_sides(self, "cut", self.cut, x)
        sides = axes(self.cut.around(x), x)
        for size, before, after, described, lines in sides:
            if before + after >= size:
                raise ShapeError(
                    "cut",
                    "ARC105",
                    f"{{name}} cuts {before + after} {lines} off {described}",
                    help="cut less",
                    from_size=True,
                )
        return Tensor((x.channels, *(axis.size - axis.before - axis.after for axis in sides)))

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        x = Tensor(inputs[0].shape[1:])
        kept = (slice(axis.before, axis.size - axis.after) for axis in axes(self.cut.around(x), x))
        return inputs[0][(slice(None), slice(None), *kept)]

    def footprint(self, inputs: tuple[Tensor, ...]) -> tuple[Footprint, Footprint]:
        return footprints(Margins(*(-side for side in self.cut.around(inputs[0]))))

    def summary(self) -> str:
        return f"cut {self.cut}"
