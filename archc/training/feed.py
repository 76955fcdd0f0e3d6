"""What gives a trainer its examples: batches of arrays for one rank, whatever the data are."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from archc.language.recipe import TestViews
from archc.training.normalisation import Normalisation
from archc.training.share import Share

Array = NDArray[Any]


@dataclass(frozen=True)
class Batch:
    """Examples and their targets, with the channels last: the last axis of maps and sequences, as of pictures."""

    inputs: tuple[Array, ...]
    """For each input of the network (n, …) for training, (n, views, …) for held-out examples; tokens are int64.

    Of pictures, what the feed's normalisation takes, on the device, to make the one input: bytes, places and noise.
    """
    targets: Array
    """Classes in int64, (n,) or one for each position (n, …); or values in float32, of the output's shape."""
    count: int
    """The number of examples of the batch on all ranks together."""


class Feed(Protocol):
    """The examples of one rank. Close it, and what it yields, with `contextlib.closing`: others work ahead for it."""

    @property
    def share(self) -> Share:
        """Which examples these are."""
        ...

    def close(self) -> None:
        """End what works for it."""
        ...

    @property
    def normalisation(self) -> Normalisation | None:
        """What makes inputs of pictures; None for arrays, which are read as they are."""
        ...

    def training(self, epoch: int, first: int = 0) -> Generator[Batch]:
        """This rank's share of each global batch of an epoch (from 0), from batch `first` on; or of each part of it."""
        ...

    def held_out(self, test: TestViews) -> Generator[Batch]:
        """This rank's share of all held-out examples, in as many batches on each rank."""
        ...
