"""Which examples of a batch each rank reads, and of which it knows the targets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from archc.training.order import Indices

Extent = Literal["own", "all"]


@dataclass(frozen=True)
class Share:
    """The part of one of `ranks` ranks: whether it reads its own examples of each batch or all, and their targets.

    A rank that reads its own examples may still compute the loss of all, if the ranks collect the outputs.
    """

    rank: int = 0
    ranks: int = 1
    reads: Extent = "own"
    targets: Extent = "own"

    def sizes(self, count: int) -> list[int]:
        """How many of `count` examples each rank has, if each has its own; they differ by one at most."""
        ends = [rank * count // self.ranks for rank in range(self.ranks + 1)]
        return [end - start for start, end in pairwise(ends)]

    def read(self, batch: Indices) -> Indices:
        """The examples of a batch that the rank reads."""
        return self._own(batch) if self.reads == "own" else batch

    def target(self, batch: Indices) -> Indices:
        """The examples of a batch whose targets the rank needs."""
        return self._own(batch) if self.targets == "own" else batch

    def held_out(self, count: int, size: int) -> Iterator[Indices]:
        """All held-out examples in batches, of which the rank reads its own part, at most `size` examples.

        All ranks get the same number of batches. They are of nearly the same size, so that none of them is empty for a
        rank, unless there are more ranks than examples.
        """
        import numpy as np  # `archc train` reads a job's share before it knows that NumPy is there

        most = size * (self.ranks if self.reads == "own" else 1)
        number = -(-count // most)
        yield from np.array_split(np.arange(count), number) if number else ()

    def _own(self, batch: Indices) -> Indices:
        start, stop = (rank * len(batch) // self.ranks for rank in (self.rank, self.rank + 1))
        return batch[start:stop]


ALONE = Share()
"""All examples, on the only rank."""
