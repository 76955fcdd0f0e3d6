"""Maps of several groups, in turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from archc.example import HEAD
from archc.ops.fields import Count
from archc.ops.moving import Moving
from archc.ops.op import OtherNames
from archc.ops.shape_error import require_places
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class ChannelShuffle(Moving, frozen=True):
    """One map of each group in turn (Zhang et al., arXiv 1707.01083): (C, H, W) -> (C, H, W), or (C, L) -> (C, L).

    With groups G of C / G maps, map i G + g of the output is map i of group g.
    """

    shape_rule = "(C, H, W) -> (C, H, W), or (C, L) -> (C, L)"
    failing = HEAD + "  mix1: {op: channel_shuffle, groups: 2}\n"
    corrected = HEAD + "  mix1: {op: channel_shuffle, groups: 3}\n"
    other_names = ("shuffle_channel", "shuffle_channels")
    other_field_names: ClassVar[OtherNames] = {"groups": ("group", "num_groups", "num_group")}
    op: Literal["channel_shuffle"]
    groups: Count = Field(description="Number of equal parts of the maps, from which the output takes one in turn.")

    def infer(self, inputs: tuple[Tensor, ...]) -> Tensor:
        (x,) = inputs
        require_places(self, x)
        if x.channels % self.groups:
            from archc.ops.grouping import undivided  # few specs need it, for the time of start-up

            raise undivided(x, self.groups)
        return x

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        (x,) = inputs
        each = x.shape[1] // self.groups
        return x[:, [g * each + i for i in range(each) for g in range(self.groups)]]

    def reads(self, part: range, inputs: tuple[Tensor, ...], output: Tensor) -> tuple[range, ...]:
        """From the first to the last of the maps that end up in `part`."""
        ((*_, last),) = apart = self.reads_apart(part, inputs, output)
        return (range(min(maps.start for maps in apart[0]), last.stop),)

    def reads_apart(self, part: range, inputs: tuple[Tensor, ...], output: Tensor) -> tuple[tuple[range, ...], ...]:
        """The maps of each group that end up in `part`."""
        each, groups = inputs[0].channels // self.groups, range(self.groups)
        # Of group g, those maps i for which i G + g is in the part.
        maps = [
            range(g * each - (g - part.start) // self.groups, g * each - (g - part.stop) // self.groups) for g in groups
        ]
        return (tuple(filter(None, maps)) or (part,),)

    def summary(self) -> str:
        return f"{self.groups} groups"
