"""The learning rate over a run, by the rule of the AlexNet paper: it is cut when the held-out error stops falling."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from archc.language.recipe import OnPlateau

Numbers = dict[str, float | int]
"""What of a schedule changes over a run, as JSON."""


@dataclass(frozen=True)
class Plateau:
    """A learning rate under an `on_plateau` rule.

    After `rule.patience` epochs in a row without an error below the best so far, `lr` is multiplied by `rule.factor`,
    at most `rule.times` times in all. Without a rule it never changes.
    """

    lr: float
    rule: OnPlateau | None
    best: float = float("inf")
    waited: int = 0
    cuts: int = 0

    def after(self, error: float) -> Plateau:
        """The state after one more epoch, with a held-out error rate of `error`."""
        if self.rule is None:
            return self
        if error < self.best:
            return replace(self, best=error, waited=0)
        if self.waited + 1 < self.rule.patience or self.cuts == self.rule.times:
            return replace(self, waited=self.waited + 1)
        return replace(self, lr=self.lr * self.rule.factor, waited=0, cuts=self.cuts + 1)

    def state(self) -> Numbers:
        """What changes over a run."""
        numbers: Numbers = {"lr": self.lr, "waited": self.waited, "cuts": self.cuts}
        return numbers | ({"best": self.best} if math.isfinite(self.best) else {})

    def at(self, state: Numbers | None) -> Plateau:
        """The schedule of a run that goes on from a state; None is the start."""
        return replace(self, **(state or {}))
