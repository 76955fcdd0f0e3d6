"""Rows and columns off maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import SidesField
from archc.ops.moving import Moving
from archc.ops.op import OtherNames
from archc.ops.properties import Footprint
from archc.ops.shape_error import ShapeError, require_maps
from archc.ops.windowed import short
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class Crop(Moving, frozen=True):
    """Each map without some rows and columns at its edges: (C, H, W) -> (C, H', W')."""

    leading = ("cut",)
    shape_rule = "(C, H, W) -> (C, H - top - bottom, W - left - right)"
    failing = HEAD + "  crop1: {op: crop, cut: 4}\n"
    corrected = HEAD + "  crop1: {op: crop, cut: 3}\n"
    other_names = ("Cropping2D",)
    other_field_names: ClassVar[OtherNames] = {"cut": ("cropping", "margins", "padding")}
    loose_names = ("margins", "padding")
    op: Literal["crop"]
    cut: SidesField = Field(
        description="Rows and columns cut off each map: one number, [height, width] or {top, bottom, left, right}."
    )

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        require_maps(self, x)
        top, bottom, left, right = self.cut
        for size, cut, name in ((x.height, top + bottom, "high"), (x.width, left + right, "wide")):
            if cut >= size:
                raise ShapeError(
                    "cut",
                    "ARC105",
                    f"{{name}} cuts {cut} rows or columns off maps that are {size} {name}",
                    help="cut less",
                    from_size=True,
                )
        return Tensor((x.channels, x.height - top - bottom, x.width - left - right))

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        (x,) = inputs
        top, bottom, left, right = self.cut
        return x[:, :, top : x.shape[2] - bottom, left : x.shape[3] - right]

    def footprint(self, inputs: tuple[Tensor, ...]) -> tuple[Footprint, Footprint]:
        top, left = self.cut.top, self.cut.left
        return Footprint(before=-top, after=top), Footprint(before=-left, after=left)

    def summary(self) -> str:
        return f"cut {short(self.cut)}"
