"""Which devices a figure shows: a tower each where tensors are held in parts, as in the paper's figure 2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archc.figure.blocks import Block
from archc.figure.nodes import exchange_kinds
from archc.graph import Graph
from archc.passes.placement import Placement
from archc.tensor import Tensor

MOST_TOWERS = 4


@dataclass(frozen=True)
class Towers:
    """`shown` towers, and what of a block one of them holds."""

    shown: int
    placement: Placement | None
    exchanges: Mapping[str, str]

    def tensor(self, block: Block) -> Tensor:
        """What one device holds of a block's value."""
        if self.placement is None or self.placement.layouts[block.name] != "split":
            return block.tensor
        channels, *size = block.tensor.shape
        return Tensor((channels // self.placement.devices, *size))

    def crosses(self, source: Block, target: Block) -> str | None:
        """How a block reads another device's part of what it reads: `gather`, `halo`, `redistribute`, or not at all."""
        if self.placement is None or not target.layers:
            return None
        held = source.layers[-1].name if source.layers else source.name
        return self.exchanges.get(target.layers[0].name) if self.placement.layouts[held] != "whole" else None

    @property
    def note(self) -> str:
        """What must be said of the devices under the figure."""
        placement = self.placement
        if placement is None or placement.devices == 1:
            return ""
        if not self.exchanges and "split" not in placement.layouts.values():
            return f"Each of the {placement.devices} devices holds all of this, and a part of the batch."
        if self.shown == 1:
            return f"One of {placement.devices} devices; what is red reads what others hold."
        whole = " What a device holds whole it computes for its part of the batch." if self.by_batch else ""
        return f"Read from {'the other' if placement.devices == 2 else 'another'} device.{whole}"

    @property
    def by_batch(self) -> bool:
        """Whether devices share the examples of a batch."""
        return self.placement is not None and "batch" in self.placement.layouts.values()


def towers(graph: Graph, placement: Placement | None) -> Towers:
    """The towers of a network as it is placed; one where every device holds all layers, or where they are too many."""
    if placement is None:
        return Towers(1, None, {})
    split = "split" in placement.layouts.values()
    shown = placement.devices if split and placement.devices <= MOST_TOWERS else 1
    return Towers(shown, placement, exchange_kinds(placement))
