"""Batches of arrays for one rank, prepared ahead in threads; their union is the same for any number of ranks."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archc.failure import Failure
from archc.language.spec import TestViews
from archc.pictures.ahead import in_order
from archc.pictures.decoding import Unreadable
from archc.pictures.folder import Pictures
from archc.pictures.order import batches
from archc.pictures.preparation import Array, Statistics, test_views, training_view
from archc.training.job import Job
from archc.training.result import add_to_result, write_weights

Labelled = tuple[Array, int]

AHEAD = 2
"""Batches that are prepared while one is in use."""

VIEWS = 120
"""The largest number of views in a batch of held-out pictures, which bounds the memory of a test."""


@dataclass(frozen=True)
class Batch:
    """Pictures and their labels."""

    images: Array
    """(n, h, w, C) for training; (n, views, h, w, C) for held-out pictures."""
    labels: NDArray[np.int64]
    """(n,)"""


@dataclass(frozen=True)
class Feed:
    """The pictures of one of `ranks` ranks."""

    job: Job
    pictures: Pictures
    statistics: Statistics
    rank: int = 0
    ranks: int = 1
    threads: int = 2

    def training(self, epoch: int) -> Iterator[Batch]:
        """This rank's part of each global batch of an epoch (from 0); all ranks' parts have the same size."""
        recipe, seed = self.job.recipe, self.job.seed
        part = recipe.batch // self.ranks
        order = batches(len(self.pictures.train), recipe.batch, seed=seed, epoch=epoch)
        mine = (int(index) for whole in order for index in whole[self.rank * part : (self.rank + 1) * part])

        def prepare(index: int) -> Labelled:
            file, label = self.pictures.train[index]
            return training_view(file, recipe.data, self.statistics, seed=seed, epoch=epoch, index=index), label

        return _batches(in_order(prepare, mine, threads=self.threads, ahead=AHEAD * part), part)

    def held_out(self, test: TestViews) -> Iterator[Batch]:
        """This rank's share of the held-out pictures; no two ranks share a picture.

        The last batch may be smaller than the others. With more ranks than pictures, some ranks have no batch.
        """
        mine = self.pictures.val[self.rank :: self.ranks]
        size = VIEWS // 10 if test == "ten_crop" else VIEWS

        def prepare(picture: tuple[Path, int]) -> Labelled:
            file, label = picture
            return test_views(file, self.job.recipe.data, self.statistics, test=test), label

        return _batches(in_order(prepare, mine, threads=self.threads, ahead=size), size)


@contextmanager
def keeping_weights(job: Job, weights: Callable[[], bytes]) -> Generator[None]:
    """Saves the weights if a picture ends the run: one that broke, or was removed, after all had been checked.

    On any number of ranks, these are the weights after the last step of all of them, since no step is taken without the
    whole batch. The rank that reads the picture saves them, as the others cannot know of it.
    """
    try:
        yield
    except Unreadable as broken:
        add_to_result(job.run, weights=write_weights(job.weights, weights()))
        message = f"{broken.message}; training stopped, and its weights so far are in {job.weights}"
        raise Failure(message, broken.help, broken.code) from broken


def _batches(pictures: Iterator[Labelled], size: int) -> Iterator[Batch]:
    while some := tuple(islice(pictures, size)):
        images, labels = zip(*some, strict=True)
        yield Batch(np.stack(images), np.asarray(labels, np.int64))
