"""What a model makes of the held-out pictures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Score:
    """What a model makes of the held-out pictures, each counted once."""

    count: int
    top1: int
    """Pictures whose own class came first."""
    top5: int
    """Pictures whose own class was among the first five."""
    loss_sum: float

    @property
    def top1_rate(self) -> float:
        return self.top1 / self.count

    @property
    def top5_rate(self) -> float:
        return self.top5 / self.count

    @property
    def loss(self) -> float:
        return self.loss_sum / self.count
