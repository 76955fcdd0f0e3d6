"""The score of a model on held-out pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from archc.ops.properties import Loss


class BatchScore(NamedTuple):
    """What a step finds on its global batch before it changes the weights."""

    loss: float
    """The mean loss."""
    top1: int | None
    """The classes with the highest output that are right, or for `binary_cross_entropy`, the values on the right side
    of 1/2; None for `mean_squared_error`."""
    total: int
    """The classes or values that `top1` is of, of the whole batch."""


@dataclass(frozen=True)
class Score:
    """The predictions of a model for `count` held-out pictures, compared with their classes.

    A prediction is the mean of the probabilities over a picture's views. Of classes with the same probability, the one
    with the lower index comes first.
    """

    count: int
    top1: int
    """Pictures whose class has the highest predicted probability."""
    top5: int
    """Pictures whose class is among the five with the highest predicted probabilities."""
    loss_sum: float
    """The sum of the losses, such as -log of the predicted probability of a class. It has no upper limit."""
    of: Loss = "cross_entropy"
    """What is counted: classes of examples or of positions; of `binary_cross_entropy`, the values that are on the right
    side of 1/2, as `top1`; of `mean_squared_error`, nothing but the loss."""

    def __add__(self, other: Score) -> Score:
        """The score over both sets of pictures."""
        sums = (self.count + other.count, self.top1 + other.top1, self.top5 + other.top5)
        return Score(*sums, self.loss_sum + other.loss_sum, self.of)

    @property
    def sums(self) -> tuple[float, ...]:
        """The numbers that add up over ranks, in the order of the fields."""
        return self.count, self.top1, self.top5, self.loss_sum

    @property
    def error(self) -> float:
        """What the schedule watches: the share of wrong predictions, or the loss if there are only values."""
        return self.loss if self.of == "mean_squared_error" else 1 - self.top1_rate

    @property
    def top1_rate(self) -> float:
        return self.top1 / self.count

    @property
    def top5_rate(self) -> float:
        return self.top5 / self.count

    @property
    def loss(self) -> float:
        return self.loss_sum / self.count
