"""A range of maps or units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import Count, Index
from archc.ops.moving import Moving
from archc.ops.op import OtherNames
from archc.ops.shape_error import ShapeError
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class Slice(Moving, frozen=True):
    """The maps or units from `start` to before `stop`, counted from 0: (C, …) -> (stop - start, …)."""

    leading = ("start", "stop")
    shape_rule = "(C, …) -> (stop - start, …)"
    failing = HEAD + "  part1: {op: slice, stop: 4}\n"
    corrected = HEAD + "  part1: {op: slice, stop: 2}\n"
    other_names = ("narrow",)
    other_field_names: ClassVar[OtherNames] = {"start": ("begin", "first"), "stop": ("end",)}
    views_part = True
    op: Literal["slice"]
    start: Index = Field(default=0, description="First map or unit, counted from 0.")
    stop: Count | None = Field(default=None, description="The map or unit after the last one; all if it is left out.")

    def range_of(self, x: Tensor) -> range:
        """The maps or units that are kept."""
        return range(self.start, x.channels if self.stop is None else self.stop)

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        kept = self.range_of(x)
        if not kept or kept.stop > x.channels:
            field = "stop" if self.stop is not None and (kept.stop > x.channels or self.start < x.channels) else "start"
            raise ShapeError(
                field,
                "ARC105",
                f"{{name}} takes {kept.start} to {kept.stop} of {x.channels} {x.unit}",
                notes=(f"`start` is the first of them, and `stop` the one after the last: 0 to {x.channels} is all",),
                help=f"use a `start` below `stop`, and a `stop` of at most {x.channels}",
                also="start" if field == "stop" and "start" in self.model_fields_set else None,
            )
        return Tensor((len(kept), *x.shape[1:]))

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        return inputs[0][:, self.start : self.stop]

    def is_view(self, inputs: tuple[Tensor, ...], *, training: bool) -> bool:
        """Yes: its input stays in memory as long as the slice."""
        return True

    def reads(self, part: range, inputs: tuple[Tensor, ...], output: Tensor) -> tuple[range, ...]:
        """The same maps, further on."""
        return (range(part.start + self.start, part.stop + self.start),)

    def summary(self) -> str:
        return f"{self.start} to {'the end' if self.stop is None else self.stop}"
