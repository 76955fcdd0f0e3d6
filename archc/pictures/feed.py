"""Batches of arrays for one rank, prepared ahead in threads; their union is the same for any number of ranks."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from archc.failure import Failure
from archc.language.data_recipe import DataRecipe
from archc.language.recipe import TestViews
from archc.pictures.ahead import in_order
from archc.pictures.decoding import Unreadable
from archc.pictures.folder import Pictures
from archc.pictures.preparation import Array, Statistics, test_views, training_view
from archc.training.feed import Batch
from archc.training.job import Job
from archc.training.order import Indices, batches
from archc.training.result import add_to_result, write_weights
from archc.training.share import ALONE, Share

AHEAD = 2
"""Batches that are prepared while one is in use."""

VIEWS = 120
"""The largest number of views in a batch of held-out pictures, which bounds the memory of a test."""


@dataclass(frozen=True)
class PictureFeed:
    """The pictures of one rank."""

    job: Job
    pictures: Pictures
    statistics: Statistics
    share: Share = ALONE
    threads: int = 2

    def training(self, epoch: int, first: int = 0) -> Generator[Batch]:
        """This rank's share of each global batch of an epoch (from 0), from batch `first` on."""
        recipe, seed, data = self.job.recipe, self.job.seed, preparation(self.job)
        count, parts = len(self.pictures.train), recipe.accumulate
        order = batches(count, recipe.batch, seed=seed, epoch=epoch, parts=parts)[first * parts :]

        def prepare(index: int) -> Array:
            file, _ = self.pictures.train[index]
            return training_view(file, data, self.statistics, seed=seed, epoch=epoch, index=index)

        return self._batches(order, self.pictures.train, prepare, (), ahead=AHEAD * recipe.batch // self.share.ranks)

    def held_out(self, test: TestViews) -> Generator[Batch]:
        """This rank's share of all held-out pictures, in as many batches on each rank."""
        size, data = VIEWS // 10 if test == "ten_crop" else VIEWS, preparation(self.job)

        def prepare(index: int) -> Array:
            file, _ = self.pictures.val[index]
            return test_views(file, data, self.statistics, test=test)

        order, views = self.share.held_out(len(self.pictures.val), size), 10 if test == "ten_crop" else 1
        return self._batches(order, self.pictures.val, prepare, (views,), ahead=size)

    def _batches(
        self,
        order: Iterable[Indices],
        pictures: Sequence[tuple[Path, int]],
        prepare: Callable[[int], Array],
        views: tuple[int, ...],
        *,
        ahead: int,
    ) -> Generator[Batch]:
        channels, height, width = self.job.image
        none = np.empty((0, *views, height, width, channels), np.float32)  # what a rank reads that has no picture
        labels = np.asarray([label for _, label in pictures], np.int64)
        whole = [*order]
        mine = (int(index) for batch in whole for index in self.share.read(batch))
        with closing(in_order(prepare, mine, threads=self.threads, ahead=ahead)) as prepared:
            for batch in whole:
                images = [*islice(prepared, len(self.share.read(batch)))]
                yield Batch((np.stack(images) if images else none,), labels[self.share.target(batch)], len(batch))


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
