"""Blocks of positions as maps of their own."""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import Count
from archc.ops.foreign import Conversion, Converted
from archc.ops.grouping import largest_divisor
from archc.ops.moving import Moving
from archc.ops.op import OtherNames
from archc.ops.properties import Footprint
from archc.ops.shape_error import ShapeError, require_maps
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


def _other_order(values: Mapping[str, Any]) -> Converted:
    note = "TensorFlow and ONNX have all maps of a position side by side, PyTorch and archc all positions of a map"
    return Converted({"block_size": ("factor", values["block_size"])}, (note,), certain=False)


class SpaceToDepth(Moving, frozen=True):
    """The positions of each block as maps of their own: (C, H, W) -> (C F F, H / F, W / F), with F the factor.

    Map c of the input becomes maps c F F to (c + 1) F F - 1, one for each position of a block, row by row. This is the
    order of PyTorch's `PixelUnshuffle`; TensorFlow and ONNX have the maps of one position side by side.
    """

    shape_rule = "(C, H, W) -> (C F F, H / F, W / F), with F the factor"
    failing = HEAD + "  fold1: {op: space_to_depth, factor: 3}\n"
    corrected = HEAD + "  fold1: {op: space_to_depth, factor: 2}\n"
    other_names = ("PixelUnshuffle", "pixel_unshuffle")
    other_field_names: ClassVar[OtherNames] = {"factor": ("downscale_factor",)}
    conversions = (Conversion(("block_size",), _other_order),)
    op: Literal["space_to_depth"]
    factor: Count = Field(
        description="Height and width of a block, which divides those of the maps.",
        json_schema_extra={"examples": [1, 2, 4]},
    )

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        require_maps(self, x)
        for size, name in ((x.height, "high"), (x.width, "wide")):
            if size % self.factor:
                raise ShapeError(
                    "factor",
                    "ARC105",
                    f"{{name}}'s blocks of {self.factor} do not fill its input, which is {size} {name}",
                    notes=(f"{size} / {self.factor} is not whole",),
                    help=f"factor: {largest_divisor(gcd(x.height, x.width), at_most=self.factor)} divides both",
                    from_size=True,
                )
        return Tensor((x.channels * self.factor**2, x.height // self.factor, x.width // self.factor))

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        (x,) = inputs
        factor = self.factor
        parts = [x[:, :, row::factor, column::factor] for row in range(factor) for column in range(factor)]
        return np.stack(parts, axis=2).reshape(len(x), -1, *parts[0].shape[2:])

    def footprint(self, inputs: tuple[Tensor, ...]) -> tuple[Footprint, Footprint]:
        part = Footprint(self.factor, after=self.factor - 1)
        return part, part

    def reads(self, part: range, inputs: tuple[Tensor, ...], output: Tensor) -> tuple[range, ...]:
        """The maps whose positions end up in `part`."""
        area = self.factor**2
        return (range(part.start // area, -(-part.stop // area)) if part else part,)

    def summary(self) -> str:
        return f"blocks of {self.factor} × {self.factor}"
