"""Which maps of a value each device holds, and what it lacks of those that a layer reads.

A value is held `whole` by every device, `split` by maps (or units) into equal contiguous parts, one a device, or by
`batch`: all maps of an equal part of the examples.
"""

from __future__ import annotations

from typing import Literal

Layout = Literal["whole", "split", "batch"]


def part(maps: int, device: int, devices: int) -> range:
    """The maps that one device holds of a value that is split."""
    return range(device * maps // devices, (device + 1) * maps // devices)


class Holding:
    """One value over the devices: what each holds of it, and has fetched so far, for all examples."""

    def __init__(self, layout: Layout, maps: int, devices: int) -> None:
        self.layout: Layout = layout
        self.maps = maps
        self.devices = devices
        self._held: list[list[range]] | None = None

    def has(self, device: int, needed: range) -> bool:
        """Whether a device holds maps, for all examples, from the beginning."""
        if self.layout == "split":
            own = part(self.maps, device, self.devices)
            return (own.start <= needed.start and needed.stop <= own.stop) or not needed
        return self.layout == "whole"

    def fetch(self, device: int, needed: range) -> float:
        """How many maps, for an average example, a device receives to have those that are needed for all examples.

        What is fetched stays: another layer that reads it does not fetch it again.
        """
        if self._held is None:
            split = self.layout == "split"
            self._held = [[part(self.maps, d, self.devices)] if split else [] for d in range(self.devices)]
        missing = _without([needed], self._held[device])
        self._held[device] += missing
        lacking = sum(map(len, missing))
        return lacking if self.layout == "split" else lacking * (self.devices - 1) / self.devices


def _without(wanted: list[range], held: list[range]) -> list[range]:
    """What of the wanted maps is in none of the held ranges."""
    for have in held:
        wanted = [
            rest
            for want in wanted
            for rest in (range(want.start, min(want.stop, have.start)), range(max(want.start, have.stop), want.stop))
            if rest
        ]
    return wanted
