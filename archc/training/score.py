"""The score of a model on held-out pictures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """The predictions of a model for `count` held-out pictures, compared with their classes."""

    count: int
    top1: int
    """Pictures whose class has the highest predicted probability."""
    top5: int
    """Pictures whose class is among the five with the highest predicted probabilities."""
    loss_sum: float
    """The sum over the pictures of -log of the predicted probability of their class."""

    @property
    def top1_rate(self) -> float:
        return self.top1 / self.count

    @property
    def top5_rate(self) -> float:
        return self.top5 / self.count

    @property
    def loss(self) -> float:
        return self.loss_sum / self.count
