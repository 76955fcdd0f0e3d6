"""The learning rate of each step of a run, by the schedule of its recipe."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from archc.language.recipe import Recipe

Numbers = dict[str, float | int]
"""What of a schedule changes over a run, as JSON."""


@dataclass(frozen=True)
class Schedule:
    """The rule of a recipe for a run, and how far `on_plateau` is. All fields are plain values of JSON.

    The rate of a step is `lr`, times a number of the rule, times the share of the warm-up that the step has reached. It
    depends on nothing but the number of the step, the length of the run, and what `after` was told.
    """

    lr: float
    """The rate before the warm-up and the rule; `on_plateau` lowers it."""
    steps: int
    """The length of the run."""
    steps_per_epoch: int
    warmup: int = 0
    """The length of the warm-up in steps."""
    factor: float = 1
    """What the rate is multiplied by, after `patience` epochs or every `every` epochs."""
    every: int = 0
    """The number of epochs of `step`; 0 for another rule."""
    end_factor: float | None = None
    """Where `cosine` ends; None for another rule."""
    patience: int = 0
    """The number of epochs of `on_plateau`; 0 for another rule."""
    times: int = 0
    best: float | None = None
    waited: int = 0
    cuts: int = 0

    @staticmethod
    def of(recipe: Recipe, *, steps: int, steps_per_epoch: int) -> Schedule:
        """The schedule of a run of so many steps, at its start."""
        made, rules = Schedule(recipe.lr, steps, steps_per_epoch), recipe.schedule
        if rules is None:
            return made
        if rules.warmup is not None:
            warmup = rules.warmup
            made = replace(made, warmup=warmup.steps or (warmup.epochs or 0) * steps_per_epoch)
        if rules.step is not None:
            return replace(made, factor=rules.step.factor, every=rules.step.every)
        if rules.cosine is not None:
            return replace(made, end_factor=rules.cosine.end_factor)
        if rules.on_plateau is not None:
            rule = rules.on_plateau
            return replace(made, factor=rule.factor, patience=rule.patience, times=rule.times)
        return made

    def rate(self, step: int) -> float:
        """The learning rate of a step, from 1."""
        factor = 1.0
        if self.every:
            factor = self.factor ** ((step - 1) // (self.every * self.steps_per_epoch))
        elif self.end_factor is not None:
            part = max(step - 1 - self.warmup, 0) / max(self.steps - self.warmup, 1)
            factor = self.end_factor + (1 - self.end_factor) * (1 + math.cos(math.pi * part)) / 2
        return self.lr * factor * (min(step / self.warmup, 1) if self.warmup else 1)

    def after(self, error: float) -> Schedule:
        """The schedule after one more epoch, with a held-out error of `error`.

        After `patience` epochs in a row without an error below the best so far, `on_plateau` multiplies `lr` by
        `factor`, at most `times` times in all.
        """
        if not self.patience:
            return self
        if self.best is None or error < self.best:
            return replace(self, best=error, waited=0)
        if self.waited + 1 < self.patience or self.cuts == self.times:
            return replace(self, waited=self.waited + 1)
        return replace(self, lr=self.lr * self.factor, waited=0, cuts=self.cuts + 1)

    def state(self) -> Numbers:
        """What changes over a run."""
        numbers: Numbers = {"lr": self.lr, "waited": self.waited, "cuts": self.cuts}
        return numbers if self.best is None else numbers | {"best": self.best}

    def at(self, state: Numbers | None) -> Schedule:
        """The schedule of a run that goes on from a state; None is the start."""
        return replace(self, **(state or {}))
