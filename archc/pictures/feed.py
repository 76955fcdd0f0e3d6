"""Batches of arrays for one rank, prepared ahead in threads; their union is the same for any number of ranks."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from archc.failure import Failure
from archc.language.recipe import DataRecipe, TestViews
from archc.pictures.ahead import in_order
from archc.pictures.decoding import Unreadable
from archc.pictures.folder import Pictures
from archc.pictures.preparation import Array, Statistics, test_views, training_view
from archc.training.feed import Batch
from archc.training.job import Job
from archc.training.order import batches, own_part
from archc.training.result import add_to_result, write_weights

Labelled = tuple[Array, int]

AHEAD = 2
"""Batches that are prepared while one is in use."""

VIEWS = 120
"""The largest number of views in a batch of held-out pictures, which bounds the memory of a test."""


@dataclass(frozen=True)
class PictureFeed:
    """The pictures of one of `ranks` ranks."""

    job: Job
    pictures: Pictures
    statistics: Statistics
    rank: int = 0
    ranks: int = 1
    threads: int = 2

    def training(self, epoch: int) -> Iterator[Batch]:
        """This rank's part of each global batch of an epoch (from 0); all ranks' parts have the same size."""
        recipe, seed, data = self.job.recipe, self.job.seed, preparation(self.job)
        part = recipe.batch // self.ranks
        order = batches(len(self.pictures.train), recipe.batch, seed=seed, epoch=epoch)
        mine = (int(index) for whole in order for index in own_part(whole, self.rank, self.ranks))

        def prepare(index: int) -> Labelled:
            file, label = self.pictures.train[index]
            return training_view(file, data, self.statistics, seed=seed, epoch=epoch, index=index), label

        return _batches(in_order(prepare, mine, threads=self.threads, ahead=AHEAD * part), part)

    def held_out(self, test: TestViews) -> Iterator[Batch]:
        """This rank's share of the held-out pictures; no two ranks share a picture.

        The last batch may be smaller than the others. With more ranks than pictures, some ranks have no batch.
        """
        mine = self.pictures.val[self.rank :: self.ranks]
        size, data = VIEWS // 10 if test == "ten_crop" else VIEWS, preparation(self.job)

        def prepare(picture: tuple[Path, int]) -> Labelled:
            file, label = picture
            return test_views(file, data, self.statistics, test=test), label

        return _batches(in_order(prepare, mine, threads=self.threads, ahead=size), size)


def preparation(job: Job) -> DataRecipe:
    """How the recipe prepares pictures; `archc train` has checked that it does."""
    assert job.recipe.data is not None
    return job.recipe.data


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
        yield Batch((np.stack(images),), np.asarray(labels, np.int64))
