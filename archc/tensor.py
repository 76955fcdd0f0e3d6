"""Tensor: the shape of a layer's output, without the batch axis."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True, slots=True)
class Tensor:
    """The shape of a value for one example: (C, H, W) for maps, (units,) for a vector."""

    shape: tuple[int, ...]

    @property
    def is_maps(self) -> bool:
        return len(self.shape) == 3

    @property
    def channels(self) -> int:
        """The number of maps, or of units for a vector."""
        return self.shape[0]

    @property
    def unit(self) -> str:
        """What its channels are called: `maps`, or `units` of a vector."""
        return "maps" if self.is_maps else "units"

    @property
    def height(self) -> int:
        return self.shape[1]

    @property
    def width(self) -> int:
        return self.shape[2]

    @property
    def size(self) -> int:
        return prod(self.shape)

    def __str__(self) -> str:
        return " × ".join(map(str, self.shape))
