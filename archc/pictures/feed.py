"""Batches of arrays for one rank, prepared ahead in threads or processes.

Their union is the same for any number of ranks.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from archc.failure import Failure
from archc.language.data_recipe import DataRecipe
from archc.language.recipe import TestViews
from archc.pictures.ahead import in_order
from archc.pictures.decoding import Unreadable
from archc.pictures.folder import Pictures
from archc.pictures.preparation import Prepared, Statistics
from archc.pictures.preparing import Preparer, Task
from archc.pictures.processes import Processes
from archc.training.feed import Batch
from archc.training.job import Job
from archc.training.normalisation import Normalisation
from archc.training.order import Indices, batches
from archc.training.result import add_to_result, write_weights
from archc.training.share import ALONE, Share

AHEAD = 2
"""Batches that are prepared while one is in use."""

MANY = 6
"""Threads from which on processes are used instead: an eighth of a picture's time is within Python's lock
(`benchmarks/pictures.py --lock`), so that more threads would mostly wait, and keep the one that trains waiting."""

VIEWS = 120
"""The largest number of views in a batch of held-out pictures, which bounds the memory of a test."""


@dataclass(frozen=True)
class PictureFeed:
    """The pictures of one rank. Close it, since it may have processes."""

    job: Job
    pictures: Pictures
    statistics: Statistics
    share: Share = ALONE
    threads: int = 2
    """How many pictures are prepared at the same time: by threads, or by as many processes if they are given."""
    processes: Processes | None = None

    @classmethod
    def of(cls, job: Job, pictures: Pictures, statistics: Statistics, share: Share, threads: int) -> PictureFeed:
        """A feed that prepares pictures in threads, or in processes where threads would wait for each other."""
        feed = cls(job, pictures, statistics, share, threads)
        return feed if threads < MANY else replace(feed, processes=Processes(feed.prepare, threads))

    @property
    def normalisation(self) -> Normalisation:
        return self.statistics.normalisation

    @property
    def prepare(self) -> Preparer:
        """What makes arrays of a picture, in whichever thread or process."""
        return Preparer(preparation(self.job), self.statistics.colours, self.job.seed)

    def close(self) -> None:
        """End the processes, if there are any."""
        if self.processes:
            self.processes.close()

    def training(self, epoch: int, first: int = 0) -> Generator[Batch]:
        """This rank's share of each global batch of an epoch (from 0), from batch `first` on."""
        recipe, fixed, parts = self.job.recipe, self.job.overfit_batches, self.job.recipe.accumulate
        count, seed = len(self.pictures.train), self.job.seed
        order = batches(count, recipe.batch, seed=seed, epoch=epoch, fixed=fixed, parts=parts)[first * parts :]
        ahead = AHEAD * recipe.batch // self.share.ranks
        if fixed:
            return self._unvaried(order, ahead=ahead)
        noise = (np.empty(self.statistics.channels, np.float32),) if preparation(self.job).color_pca else ()

        def task(number: int) -> Task:
            file, _ = self.pictures.train[number]
            return Task(str(file), None, epoch, number)

        return self._batches(order, self.pictures.train, task, (*self._example(), *noise), ahead=ahead)

    def _unvaried(self, order: Iterable[Indices], *, ahead: int) -> Generator[Batch]:
        """Batches of training pictures as they would be tested: their centres."""
        pictures = self.pictures.train

        def task(number: int) -> Task:
            return Task(str(pictures[number][0]), "center")

        with closing(self._batches(order, pictures, task, self._example(1), ahead=ahead)) as found:
            for batch in found:
                yield replace(batch, inputs=tuple(x[:, 0] for x in batch.inputs))

    def held_out(self, test: TestViews) -> Generator[Batch]:
        """This rank's share of all held-out pictures, in as many batches on each rank."""
        views, size = views_of(test), at_once(test)
        order = self.share.held_out(len(self.pictures.val), size)

        def task(number: int) -> Task:
            file, _ = self.pictures.val[number]
            return Task(str(file), test)

        return self._batches(order, self.pictures.val, task, self._example(views), ahead=size)

    def _example(self, *views: int) -> Prepared:
        """Arrays like those of a prepared picture."""
        channels, height, width = self.job.image
        return np.empty((*views, height, width, channels), np.uint8), np.empty((*views, 3), np.int64)

    def _batches(
        self,
        order: Iterable[Indices],
        pictures: Sequence[tuple[Path, int]],
        task: Callable[[int], Task],
        example: Prepared,
        *,
        ahead: int,
    ) -> Generator[Batch]:
        labels = np.asarray([label for _, label in pictures], np.int64)
        whole = [*order]
        mine = [self.share.read(batch) for batch in whole]
        wanted = (task(int(index)) for batch in mine for index in batch)
        with closing(self._in_order(wanted, example, ahead=ahead, kept=max(map(len, mine), default=0))) as prepared:
            for batch, own in zip(whole, mine, strict=True):
                parts = [*zip(*islice(prepared, len(own)), strict=True)]
                inputs = map(np.stack, parts) if parts else (np.empty((0, *each.shape), each.dtype) for each in example)
                yield Batch(tuple(inputs), labels[self.share.target(batch)], len(batch))

    def _in_order(self, tasks: Iterable[Task], example: Prepared, *, ahead: int, kept: int) -> Generator[Prepared]:
        if self.processes:
            return self.processes.in_order(tasks, example, ahead=ahead, kept=kept)
        return in_order(self.prepare, tasks, threads=self.threads, ahead=ahead)


def views_of(test: TestViews) -> int:
    """How many views of a picture a test takes."""
    return 10 if test == "ten_crop" else 1


def at_once(test: TestViews) -> int:
    """The largest number of pictures in a batch of a test."""
    return VIEWS // views_of(test)


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
