"""The training loop, once for all backends: epochs, steps, schedule, evaluation, weights."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, TypeVar

from archc.failure import FINDING, Failure
from archc.language.spec import TestViews
from archc.training.job import Job
from archc.training.journal import Journal
from archc.training.schedule import Plateau
from archc.training.score import Score

Batch = TypeVar("Batch")


class Trainer(Protocol[Batch]):
    """What a framework supplies. Every rank runs the loop, and all see the same numbers."""

    def batches(self, epoch: int) -> Iterable[Batch]:
        """This process's part of each global batch of an epoch (from 0), prefetching."""
        ...

    def step(self, batch: Batch, lr: float) -> float:
        """One optimiser step; the mean loss over the global batch, before the step."""
        ...

    def evaluate(self, test: TestViews) -> Score:
        """The score over all held-out pictures, those of every rank, each counted once."""
        ...

    def save(self, path: Path) -> None:
        """Write the weights as safetensors, float32, `conv1.weight` (O, I/groups, kH, kW),
        `fc6.weight` (out, in): the same keys and layout from every backend."""
        ...


def train(job: Job, trainer: Trainer[Batch], journal: Journal, *, pictures: int, classes: int) -> Score:
    """Train on `pictures` pictures of `classes` classes as the job says; the final score.

    An epoch drops the tail that does not fill a global batch. The schedule sees the held-out
    error (centre view) after every epoch but the last, which the final test covers.
    """
    recipe = job.recipe
    an_epoch = pictures // recipe.batch
    total = job.steps or an_epoch * recipe.epochs
    plateau = Plateau(recipe.optimizer.sgd.lr, recipe.schedule and recipe.schedule.on_plateau)
    journal.start(job, steps=total, pictures=pictures, classes=classes)
    step = 0
    for epoch in range(math.ceil(total / an_epoch)):
        for batch in trainer.batches(epoch):
            loss = trainer.step(batch, plateau.lr)
            step += 1
            journal.step(step, epoch=epoch, loss=loss, lr=plateau.lr)
            if not math.isfinite(loss):
                raise _diverged(step, loss, plateau.lr)
            if step == total:
                break
        if step < total:
            score = trainer.evaluate("center")
            plateau = plateau.after(1 - score.top1_rate)
            journal.epoch(epoch, score, lr=plateau.lr)
    trainer.save(job.weights)
    journal.testing(recipe.test)
    score = trainer.evaluate(recipe.test)
    journal.end(score, test=recipe.test)
    return score


def _diverged(step: int, loss: float, lr: float) -> Failure:
    return Failure(
        f"the loss is {loss} at step {step}: training has diverged",
        f"a smaller learning rate than {lr:g}: `--lr {lr / 2:g}`",
        FINDING,
    )
