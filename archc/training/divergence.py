"""Why a run diverged, as far as its first loss shows it, and what to try."""

from __future__ import annotations

import math

from archc.failure import FINDING, Failure
from archc.training.job import Job

MOST_OVER_CHANCE = 2.0
"""The first loss of sound weights, over that of guessing, at most. AlexNet with the paper's weights has 1.00."""

PAPER_LR, PAPER_BATCH = 0.01, 128
"""Where the AlexNet paper starts; much more does not train any network with its update rule."""


def diverged(job: Job, what: str, where: str | None, *, first: float, lr: float, saved: int | None) -> Failure:
    """The failure for a value that is not finite, with the cause as far as the first loss shows it.

    `where` is the first value that is not finite, if it is known, and `saved` the step of the last checkpoint.
    """
    found = f"; {where} is the first value that is not finite" if where else ""
    if math.isfinite(first):
        message, help = _cause(job, f"training diverged: {what}{found}", first=first, lr=lr)
    else:
        message = f"training diverged: {what}, before any update{found}: the initial weights are too large"
        help = "use smaller weights, such as `weight_init: {normal: {std: 0.01}}` in the spec's `defaults:`"
    return Failure(
        message, help if saved is None else f"{help}. The checkpoint of step {saved} is from before", FINDING
    )


def _cause(job: Job, message: str, *, first: float, lr: float) -> tuple[str, str]:
    """The message with the cause, given a first loss that is finite, and what to try."""
    lower, usual = "use a lower learning rate", PAPER_LR * job.recipe.batch / PAPER_BATCH
    if job.recipe.loss == "mean_squared_error":  # which has no loss of guessing
        cause = f"The first loss was {first:.2g}: the steps with lr {lr:g} are too large for it"
        return f"{message}. {cause}", f"{lower}: `--lr {min(lr / 10, usual):.1g}`"
    among = job.outputs if job.recipe.loss == "cross_entropy" else 2
    chance = math.log(among)
    guessing = f"guessing among {among:,} outputs (ln {among} = {chance:.2f})"
    if first < MOST_OVER_CHANCE * chance:
        cause = f"The first loss, {first:.2f}, was near that of {guessing}: the steps with lr {lr:g} are too large"
        return f"{message}. {cause}", f"{lower}: `--lr {min(lr / 10, usual):.1g}`"
    cause = f"The first loss, {first:.2f}, was far above that of {guessing}: the initial weights are too large"
    # Gradients grow with the scores, so the rate is lowered by as much as the loss is above that of guessing. Smaller
    # weights alone do not help: alexnet_torchvision with a standard deviation of 0.01 diverges at its own rate, too.
    return f"{message}. {cause} for lr {lr:g}", f"{lower}: `--lr {min(lr, usual) * chance / first:.1g}`"
