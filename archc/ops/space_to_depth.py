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
    return Converted({"block_size": ("block", values["block_size"])}, (note,), certain=False)


class SpaceToDepth(Moving, frozen=True):
    """The positions of each block as maps of their own: (C, H, W) -> (C B B, H / B, W / B).

    Map c of the input becomes maps c B B to (c + 1) B B - 1, one for each position of a block, row by row. This is the
    order of PyTorch's `PixelUnshuffle`; TensorFlow and ONNX have the maps of one position side by side.
    """

    shape_rule = "(C, H, W) -> (C B B, H / B, W / B)"
    failing = HEAD + "  fold1: {op: space_to_depth, block: 3}\n"
    corrected = HEAD + "  fold1: {op: space_to_depth, block: 2}\n"
    other_names = ("PixelUnshuffle", "pixel_unshuffle")
    other_field_names: ClassVar[OtherNames] = {"block": ("downscale_factor",)}
    conversions = (Conversion(("block_size",), _other_order),)
    op: Literal["space_to_depth"]
    block: Count = Field(
        description="Height and width of a block, which divides those of the maps.",
        json_schema_extra={"examples": [1, 2, 4]},
    )

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        require_maps(self, x)
        for size, name in ((x.height, "high"), (x.width, "wide")):
            if size % self.block:
                raise ShapeError(
                    "block",
                    "ARC105",
                    f"{{name}}'s blocks of {self.block} do not fill its input, which is {size} {name}",
                    notes=(f"{size} / {self.block} is not whole",),
                    help=f"block: {largest_divisor(gcd(x.height, x.width), at_most=self.block)} divides both",
                    from_size=True,
                )
        return Tensor((x.channels * self.block**2, x.height // self.block, x.width // self.block))

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        (x,) = inputs
        block = self.block
        parts = [x[:, :, row::block, column::block] for row in range(block) for column in range(block)]
        return np.stack(parts, axis=2).reshape(len(x), -1, *parts[0].shape[2:])

    def footprint(self, inputs: tuple[Tensor, ...]) -> tuple[Footprint, Footprint]:
        part = Footprint(self.block, after=self.block - 1)
        return part, part

    def reads(self, part: range, inputs: tuple[Tensor, ...], output: Tensor) -> tuple[range, ...]:
        """The maps whose positions end up in `part`."""
        area = self.block**2
        return (range(part.start // area, -(-part.stop // area)) if part else part,)

    def summary(self) -> str:
        return f"blocks of {self.block} × {self.block}"
