"""Predicts the classes of pictures. A picture that cannot be read is named, and the others are predicted."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np

from archc.failure import FINDING, Failure
from archc.inference.examples import threads
from archc.inference.network import Outputs
from archc.inference.outcome import Guess, Prediction, Predictions
from archc.inference.task import Task, read_pictures
from archc.language.recipe import TestViews
from archc.pictures.ahead import in_order
from archc.pictures.decoding import Unreadable, square
from archc.pictures.feed import VIEWS, PictureFeed, at_once, preparation
from archc.pictures.held_out import HeldOut, stored_statistics
from archc.training.feed import Batch
from archc.training.job import Job
from archc.training.judging import log_probabilities
from archc.training.progress import progress
from archc.training.share import ALONE

FIRST = 5
"""The number of classes that are given for a picture."""


class Predicting:
    """The task of predicting."""

    def __init__(self, task: Task, job: Job) -> None:
        self._job = job
        self._test: TestViews = task.test
        self._size = at_once(task.test)
        self._files = read_pictures(task)
        self._statistics, _ = stored_statistics(job)
        self._unreadable: dict[int, str] = {}
        self.feed = self._feed(())

    def run(self, outputs: Outputs) -> Predictions:
        """The likeliest classes of each picture, by what a network returns."""
        guessed: list[tuple[Guess, ...]] = []
        with ExitStack() as opened:
            batches = opened.enter_context(closing(self._batches()))
            # One batch takes no time that is worth a line.
            is_long = len(self._files) > self._size
            shown = opened.enter_context(closing(progress("predicting", len(self._files)))) if is_long else None
            for _, found in outputs(batches):
                guessed += map(_guesses, log_probabilities(found))
                if shown:
                    shown.show(len(guessed) + len(self._unreadable))
        rest = iter(guessed)
        return Predictions(
            pictures=tuple(
                Prediction(unreadable=why) if (why := self._unreadable.get(index)) else Prediction(guesses=next(rest))
                for index in range(len(self._files))
            )
        )

    def _batches(self) -> Generator[Batch]:
        """The pictures that can be read, in order, in batches of one size but for the last."""
        files: list[Path] = []
        with closing(in_order(self._checked, self._files, threads=threads(), ahead=2 * VIEWS)) as checked:
            for index, (file, why) in enumerate(zip(self._files, checked, strict=True)):
                if why is None:
                    files.append(file)
                else:
                    self._unreadable[index] = why
                if len(files) == self._size or (files and index + 1 == len(self._files)):
                    yield from self._feed(files).held_out(self._test)
                    files = []

    def _checked(self, file: Path) -> str | None:
        """Why a picture cannot be read: it is decoded for this alone, since a batch is only of whole pictures."""
        try:
            square(file, preparation(self._job).resize, channels=self._statistics.channels)
        except Unreadable as unreadable:
            return unreadable.reason
        return None

    def _feed(self, files: Sequence[Path]) -> PictureFeed:
        return HeldOut(self._job, tuple((file, 0) for file in files), self._statistics).feed(ALONE, threads())


def _guesses(logarithms: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[Guess, ...]:
    """The first classes by their log-probabilities (C,); of equal ones, the lower comes first."""
    if not np.isfinite(logarithms).all():
        raise Failure("the network's outputs are not finite for some pictures", "use other weights", FINDING)
    first = np.argsort(-logarithms, kind="stable")[:FIRST]
    return tuple(Guess(index=int(index), probability=float(np.exp(logarithms[index]))) for index in first)
