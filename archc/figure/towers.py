"""The devices in a figure. Each is a tower if tensors are split, as in figure 2 of the AlexNet paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archc.figure.boxes import Box
from archc.figure.nodes import exchange_kinds
from archc.graph import Graph
from archc.passes.placement import Placement
from archc.tensor import Tensor

MOST_TOWERS = 4


@dataclass(frozen=True)
class Towers:
    """The number of towers that are shown, and the part of a box in each."""

    shown: int
    placement: Placement | None
    exchanges: Mapping[str, str]

    def tensor(self, box: Box) -> Tensor:
        """The part of a box's value on one device."""
        if self.placement is None or self.placement.layouts[box.first] != "split":
            return box.tensor
        channels, *size = box.tensor.shape
        return Tensor((channels // self.placement.devices, *size))

    def crosses(self, source: Box, target: Box) -> str | None:
        """The kind of exchange through which a box reads another device's part, or None if it does not."""
        if self.placement is None or not target.parts or self.placement.layouts[source.value] == "whole":
            return None
        readers = (node.name for node in target.parts[0].nodes if source.value in node.inputs)
        return next((self.exchanges[name] for name in readers if name in self.exchanges), None)

    @property
    def note(self) -> str:
        """The note on devices under the figure. Empty for a single device."""
        placement = self.placement
        if placement is None or placement.devices == 1:
            return ""
        if not self.exchanges and "split" not in placement.layouts.values():
            return f"Each of the {placement.devices} devices computes the whole network for a part of the batch."
        if self.shown == 1:
            return f"One of {placement.devices} devices is shown. Layers in red read values from other devices."
        whole = " Layers that are not split are computed for each device's part of the batch." if self.by_batch else ""
        return f"Values read from {'the other' if placement.devices == 2 else 'another'} device.{whole}"

    @property
    def by_batch(self) -> bool:
        """Whether some layers are computed by each device for a part of the batch."""
        return self.placement is not None and "batch" in self.placement.layouts.values()


def towers(graph: Graph, placement: Placement | None) -> Towers:
    """The towers of a placed network. There is only one if no layer is split, or if there are too many devices."""
    if placement is None:
        return Towers(1, None, {})
    split = "split" in placement.layouts.values()
    shown = placement.devices if split and placement.devices <= MOST_TOWERS else 1
    return Towers(shown, placement, exchange_kinds(placement))
