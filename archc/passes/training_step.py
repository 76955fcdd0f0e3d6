"""What of a recipe decides, besides its batch, what a training step takes."""

from __future__ import annotations

from typing import NamedTuple

from archc.language.recipe import Recipe


class TrainingStep(NamedTuple):
    """The parts in which a batch is computed, the arrays that the optimizer keeps of each weight, and whether the norm
    of the gradient is limited."""

    parts: int = 1
    moments: int = 1
    clips: bool = False

    @staticmethod
    def of(recipe: Recipe) -> TrainingStep:
        """That of a recipe."""
        return TrainingStep(recipe.accumulate, recipe.optimizer.rule.moments, recipe.clip is not None)


PLAIN = TrainingStep()
"""A batch computed as a whole, by the paper's rule."""
