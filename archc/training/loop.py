"""The training loop that all backends share: epochs, steps, schedule, evaluation and weights."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Protocol, TypeVar

from archc.failure import FINDING, Failure
from archc.language.recipe import TestViews
from archc.training.job import Job
from archc.training.journal import Journal
from archc.training.result import Measured
from archc.training.schedule import Plateau
from archc.training.score import Score

Batch = TypeVar("Batch")

MOST_OVER_CHANCE = 2.0
"""The first loss of sound weights, over that of guessing, at most. AlexNet with the paper's weights has 1.00."""

PAPER_LR, PAPER_BATCH = 0.01, 128
"""Where the AlexNet paper starts; much more does not train any network with its update rule."""


class Trainer(Protocol[Batch]):
    """What a framework supplies. Each rank runs the loop with its own trainer.

    `step`, `evaluate` and `finite` return the same on each rank, so that all ranks take the same decisions.
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

    def finite(self) -> bool:
        """Whether all weights and running statistics are finite on all ranks."""
        ...

    def measured(self) -> Measured:
        """What the steps took. Call it on all ranks, after the last step."""
        ...

    def weights(self) -> bytes | None:
        """The weights as safetensors in float32, with the same keys and layout from every backend:
        `conv1.weight` (O, I / groups, kH, kW), `fc6.weight` (out, in). None on ranks other than the first."""
        ...


def train(job: Job, trainer: Trainer[Batch], journal: Journal, *, examples: int, classes: int) -> Score:
    """Train on `examples` examples as the job asks, of so many classes, if any; the score of the final test.

    Each epoch drops the last examples of its order if they do not fill a global batch. The schedule sees the held-out
    error (centre view) after each epoch except the last, since the final test follows that one.

    A loss, a weight or a statistic that is not finite fails the run. Weights are saved only if all are finite.
    """
    recipe = job.recipe
    steps_per_epoch = examples // recipe.batch
    total = job.steps or steps_per_epoch * recipe.epochs
    plateau = Plateau(recipe.optimizer.sgd.lr, recipe.schedule and recipe.schedule.on_plateau)
    journal.reserve(job.weights, trainer.weights())
    journal.start(job, steps=total, examples=examples, classes=classes)
    step, first = 0, math.nan

    def demand(finite: bool, what: str) -> None:
        if not finite:
            journal.diverged()
            raise _diverged(job, f"{what} step {step}", first=first, lr=plateau.lr)

    def tested(test: TestViews) -> Score:
        score = trainer.evaluate(test)
        demand(math.isfinite(score.loss), f"the loss on the held-out {job.example}s is {score.loss} after")
        return score

    for epoch in range(math.ceil(total / steps_per_epoch)):
        for batch in trainer.batches(epoch):
            loss = trainer.step(batch, plateau.lr)
            step += 1
            first = loss if step == 1 else first
            journal.step(step, epoch=epoch, loss=loss, lr=plateau.lr)
            demand(math.isfinite(loss), f"the loss is {loss} at")
            if step == total:
                break
        # The loss of a step is that before its update, and running statistics are not in it.
        demand(trainer.finite(), "a weight or a running statistic is not finite after")
        if step < total:
            score = tested("center")
            plateau = plateau.after(score.error)
            journal.epoch(epoch, score, lr=plateau.lr)
    journal.measured(trainer.measured())
    journal.save(job.weights, trainer.weights())  # before the test, which may fail on a broken picture
    journal.testing(recipe.test)
    score = tested(recipe.test)
    journal.end(score, test=recipe.test)
    return score


def _diverged(job: Job, what: str, *, first: float, lr: float) -> Failure:
    """The failure for a value that is not finite, with the cause as far as the first loss shows it."""
    message = f"training diverged: {what}"
    if not math.isfinite(first):
        help = "use smaller weights, such as `weight_init: {normal: {std: 0.01}}` in the spec's `defaults:`"
        return Failure(f"{message}, before any update: the initial weights are too large", help, FINDING)
    lower, usual = "use a lower learning rate", PAPER_LR * job.recipe.batch / PAPER_BATCH
    if job.recipe.loss == "mean_squared_error":  # which has no loss of guessing
        cause = f"The first loss was {first:.2g}: the steps with lr {lr:g} are too large for it"
        return Failure(f"{message}. {cause}", f"{lower}: `--lr {min(lr / 10, usual):.1g}`", FINDING)
    among = job.outputs if job.recipe.loss == "cross_entropy" else 2
    chance = math.log(among)
    guessing = f"guessing among {among:,} outputs (ln {among} = {chance:.2f})"
    if first < MOST_OVER_CHANCE * chance:
        cause = f"The first loss, {first:.2f}, was near that of {guessing}: the steps with lr {lr:g} are too large"
        return Failure(f"{message}. {cause}", f"{lower}: `--lr {min(lr / 10, usual):.1g}`", FINDING)
    cause = f"The first loss, {first:.2f}, was far above that of {guessing}: the initial weights are too large"
    # Gradients grow with the scores, so the rate is lowered by as much as the loss is above that of guessing. Smaller
    # weights alone do not help: alexnet_one_tower with a standard deviation of 0.01 diverges at its own rate, too.
    return Failure(
        f"{message}. {cause} for lr {lr:g}", f"{lower}: `--lr {min(lr, usual) * chance / first:.1g}`", FINDING
    )
