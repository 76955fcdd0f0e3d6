"""The learning rate over a run: the paper's rule, divided when the held-out error stops falling."""

from __future__ import annotations

from dataclasses import dataclass, replace

from archc.language.spec import OnPlateau


@dataclass(frozen=True)
class Plateau:
    """Multiplies `lr` by `rule.factor`, at most `rule.times` times, each time that
    `rule.patience` epochs in a row brought no error below the best so far. Without a rule, never.
    """

    lr: float
    rule: OnPlateau | None
    best: float = float("inf")
    waited: int = 0
    cuts: int = 0

    def after(self, error: float) -> Plateau:
        """The state after one more epoch, whose held-out error rate was `error`."""
        if self.rule is None:
            return self
        if error < self.best:
            return replace(self, best=error, waited=0)
        if self.waited + 1 < self.rule.patience or self.cuts == self.rule.times:
            return replace(self, waited=self.waited + 1)
        return replace(self, lr=self.lr * self.rule.factor, waited=0, cuts=self.cuts + 1)
