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

MOST_OVER_CHANCE = 2.0
"""The first loss of sound weights, over that of guessing, at most. AlexNet with the paper's weights has 1.00."""


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
    step, first = 0, math.nan
    for epoch in range(math.ceil(total / steps_per_epoch)):
        for batch in trainer.batches(epoch):
            loss = trainer.step(batch, plateau.lr)
            step += 1
            first = loss if step == 1 else first
            journal.step(step, epoch=epoch, loss=loss, lr=plateau.lr)
            # The step has made the weights NaN or infinite, from which they cannot recover.
            if not math.isfinite(loss):
                raise _diverged(job, step, first=first, loss=loss, lr=plateau.lr)
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


def _diverged(job: Job, step: int, *, first: float, loss: float, lr: float) -> Failure:
    """The failure for a loss that is not finite at `step`, with the cause as far as the first loss shows it."""
    message = f"training diverged: the loss is {loss} at step {step}"
    if not math.isfinite(first):
        help = "use smaller weights, such as `weight_init: {normal: {std: 0.01}}` in the spec's `defaults:`"
        return Failure(f"{message}, before any update: the initial weights are too large", help, FINDING)
    chance = math.log(job.outputs)
    guessing = f"guessing among {job.outputs:,} outputs (ln {job.outputs} = {chance:.2f})"
    if first < MOST_OVER_CHANCE * chance:
        cause = f"The first loss, {first:.2f}, was near that of {guessing}: the steps with lr {lr:g} are too large"
        return Failure(f"{message}. {cause}", f"use a lower learning rate: `--lr {lr / 10:.1g}`", FINDING)
    cause = f"The first loss, {first:.2f}, was far above that of {guessing}: the initial weights are too large"
    # Gradients grow with the scores, so the rate is lowered by as much as the loss is above that of guessing. Smaller
    # weights alone do not help: alexnet_one_tower with a standard deviation of 0.01 diverges at its own rate, too.
    help = f"use a lower learning rate: `--lr {lr * chance / first:.1g}`"
    return Failure(f"{message}. {cause} for lr {lr:g}", help, FINDING)
