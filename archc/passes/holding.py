"""Which maps of a value each device has, which it must fetch, and which devices have these.

A value has one of three layouts. `whole`: every device has all maps for all examples. `split`: every device has an
equal, contiguous part of the maps (or units) for all examples. `batch`: every device has all maps for an equal part of
the examples.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate, pairwise
from typing import Literal

Layout = Literal["whole", "split", "batch"]


def part(maps: int, device: int, devices: int) -> range:
    """The maps of a split value that belong to one device."""
    return range(device * maps // devices, (device + 1) * maps // devices)


class Holding:
    """What each device has of one value: its own part, and the maps that it has fetched so far."""

    def __init__(self, layout: Layout, maps: int, devices: int) -> None:
        self.layout: Layout = layout
        self.maps = maps
        self.devices = devices
        # By device: the maps that it has for all examples. Most values are never fetched, so this is made on demand.
        self._held: list[list[range]] | None = None

    def has(self, device: int, needed: range) -> bool:
        """Whether a device has the needed maps for all examples without fetching any."""
        if self.layout == "split" and needed:
            own = part(self.maps, device, self.devices)
            return own.start <= needed.start and needed.stop <= own.stop
        return self.layout == "whole" or not needed

    def fetch(self, device: int, needed: range) -> list[range]:
        """The maps that a device fetches to have the needed ones for all examples.

        Fetched maps stay on the device: the next layer that reads them does not fetch them again.
        """
        if self._held is None:
            split = self.layout == "split"
            self._held = [[part(self.maps, d, self.devices)] if split else [] for d in range(self.devices)]
        missing = without([needed], self._held[device])
        self._held[device] += missing
        return missing

    def owned(self, ranges: list[range]) -> list[int]:
        """By device, how many maps of its own part are in the ranges; a map that is in several counts several times."""
        starts, stops = sorted(r.start for r in ranges), sorted(r.stop for r in ranges)
        before_starts, before_stops = list(accumulate(starts, initial=0)), list(accumulate(stops, initial=0))

        def below(end: int) -> int:
            begun, ended = bisect_left(starts, end), bisect_left(stops, end)
            return (begun - ended) * end - before_starts[begun] + before_stops[ended]

        ends = [below(device * self.maps // self.devices) for device in range(self.devices + 1)]
        return [after - before for before, after in pairwise(ends)]


def without(wanted: list[range], held: list[range]) -> list[range]:
    """The ranges of wanted maps that are in none of the held ranges."""
    for have in held:
        wanted = [
            rest
            for want in wanted
            for rest in (range(want.start, min(want.stop, have.start)), range(max(want.start, have.stop), want.stop))
            if rest
        ]
    return wanted
