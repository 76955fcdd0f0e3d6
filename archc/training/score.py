"""The score of a model on held-out pictures."""

from __future__ import annotations

from dataclasses import dataclass


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
    """The sum over the pictures of -log of the predicted probability of their class. It has no upper limit."""

    def __add__(self, other: Score) -> Score:
        """The score over both sets of pictures."""
        sums = (self.count + other.count, self.top1 + other.top1, self.top5 + other.top5)
        return Score(*sums, self.loss_sum + other.loss_sum)

    @property
    def top1_rate(self) -> float:
        return self.top1 / self.count

    @property
    def top5_rate(self) -> float:
        return self.top5 / self.count

    @property
    def loss(self) -> float:
        return self.loss_sum / self.count
