"""Evaluates a network on held-out examples: the score of training, the scores of each class, and the confusion."""

from __future__ import annotations

import math
from collections import Counter
from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archc.failure import FINDING, Failure
from archc.inference.examples import held_out
from archc.inference.network import Outputs
from archc.inference.outcome import ClassScore, Confused, Evaluation
from archc.inference.task import Task
from archc.language.recipe import TestViews
from archc.ops.properties import Loss
from archc.training.feed import Array
from archc.training.job import Job
from archc.training.judging import judged, log_probabilities, of_classes, ranks
from archc.training.progress import progress
from archc.training.score import Score


class Evaluating:
    """The task of evaluating. The examples are found, and checked as far as that is quick, when it is made."""

    def __init__(self, task: Task, job: Job) -> None:
        self._test: TestViews = task.test
        self._loss: Loss = job.recipe.loss
        self.feed, self._count = held_out(task, job)

    def run(self, outputs: Outputs) -> Evaluation:
        """The scores of what a network returns."""
        tally, done = Tally(self._loss), 0
        with (
            closing(progress("evaluating", self._count)) as shown,
            closing(self.feed.held_out(self._test)) as batches,
        ):
            for batch, found in outputs(batches):
                tally.add(found, batch.targets)
                done += len(batch.targets)
                shown.show(done)
        return tally.evaluation(self._count)


class Tally:
    """Scores that are summed batch by batch."""

    def __init__(self, loss: Loss) -> None:
        self._score = Score(0, 0, 0, 0.0, loss)
        self._of: Counter[int] = Counter()
        self._top1: Counter[int] = Counter()
        self._top5: Counter[int] = Counter()
        self._confused: Counter[tuple[int, int]] = Counter()

    def add(self, outputs: Array, targets: NDArray[Any]) -> None:
        """Add the outputs (n, views, …, C) for these targets."""
        if self._score.of != "cross_entropy":
            self._score += judged(outputs, targets, self._score.of)
            return
        means, labels = log_probabilities(outputs), targets.ravel()
        self._score += of_classes(means, labels)
        if not np.isfinite(means).all():
            return  # the loss is not finite either
        found = ranks(means, labels)
        for counter, some in ((self._of, labels), (self._top1, labels[found < 1]), (self._top5, labels[found < 5])):
            counter.update(some.tolist())
        self._confused.update(zip(labels.tolist(), means.argmax(1).tolist(), strict=True))

    def evaluation(self, examples: int) -> Evaluation:
        """The scores of all of them; a Failure if they are not finite."""
        score, has_classes = self._score, self._score.of == "cross_entropy"
        if not math.isfinite(score.loss):
            message = f"the loss is {score.loss}: the network's outputs are not finite for some of the examples"
            raise Failure(message, "check the examples, or evaluate other weights", FINDING)
        return Evaluation(
            loss_kind=score.of,
            examples=examples,
            count=score.count,
            top1=None if score.of == "mean_squared_error" else score.top1,
            top5=score.top5 if has_classes else None,
            loss=score.loss,
            classes=tuple(
                ClassScore(index=index, count=count, top1=self._top1[index], top5=self._top5[index])
                for index, count in sorted(self._of.items())
            ),
            confusion=tuple(
                Confused(index=index, predicted=predicted, count=count)
                for (index, predicted), count in sorted(self._confused.items())
            ),
        )
