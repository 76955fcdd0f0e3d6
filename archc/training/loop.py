"""The training loop that all backends share: epochs, steps, schedule, evaluation and weights."""

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
    """What a framework supplies. Each rank runs the loop with its own trainer.

    `step` and `evaluate` return the same numbers on each rank, so that all ranks take the same decisions.
    """

    def batches(self, epoch: int) -> Iterable[Batch]:
        """This rank's part of each global batch of an epoch (from 0), prepared ahead."""
        ...

    def step(self, batch: Batch, lr: float) -> float:
        """Take one optimiser step; the mean loss over the global batch before the step."""
        ...

    def evaluate(self, test: TestViews) -> Score:
        """The score over the held-out pictures of all ranks, each counted once."""
        ...

    def save(self, path: Path) -> None:
        """Write the weights as safetensors in float32, with the same keys and layout from every backend:
        `conv1.weight` (O, I / groups, kH, kW), `fc6.weight` (out, in)."""
        ...


def train(job: Job, trainer: Trainer[Batch], journal: Journal, *, pictures: int, classes: int) -> Score:
    """Train on `pictures` pictures in `classes` classes as the job asks; the score of the final test.

    Each epoch drops the last pictures of its order if they do not fill a global batch. The schedule sees the held-out
    error (centre view) after each epoch except the last, since the final test follows that one.
    """
    recipe = job.recipe
    steps_per_epoch = pictures // recipe.batch
    total = job.steps or steps_per_epoch * recipe.epochs
    plateau = Plateau(recipe.optimizer.sgd.lr, recipe.schedule and recipe.schedule.on_plateau)
    journal.start(job, steps=total, pictures=pictures, classes=classes)
    step = 0
    for epoch in range(math.ceil(total / steps_per_epoch)):
        for batch in trainer.batches(epoch):
            loss = trainer.step(batch, plateau.lr)
            step += 1
            journal.step(step, epoch=epoch, loss=loss, lr=plateau.lr)
            # The step has made the weights NaN or infinite, from which they cannot recover.
            if not math.isfinite(loss):
                raise _diverged(step, loss, plateau.lr)
            if step == total:
                break
        if step < total:
            score = trainer.evaluate("center")
            plateau = plateau.after(1 - score.top1_rate)
            journal.epoch(epoch, score, lr=plateau.lr)
    trainer.save(job.weights)  # before the test, which may fail on a broken picture
    journal.testing(recipe.test)
    score = trainer.evaluate(recipe.test)
    journal.end(score, test=recipe.test)
    return score


def _diverged(step: int, loss: float, lr: float) -> Failure:
    return Failure(
        f"training diverged: the loss is {loss} at step {step}",
        f"use a learning rate below {lr:g}: `--lr {lr / 2:g}`",
        FINDING,
    )
