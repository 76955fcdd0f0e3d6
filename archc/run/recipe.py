"""The recipe and the number of devices of a run: the spec's, or what the command line puts in their place."""

from __future__ import annotations

import math
from dataclasses import dataclass

from archc.analysis import Facts
from archc.failure import USAGE, Failure
from archc.language.spec import Recipe
from archc.training.job import check_batch


@dataclass(frozen=True)
class Overrides:
    """The command line's values for fields of the recipe; None keeps the spec's."""

    batch: int | None
    lr: float | None
    steps: int | None
    epochs: int | None


def devices_wanted(asked: int | None, facts: Facts) -> int:
    """The number of devices to train on: as asked, else as in the spec's `parallel:`, else 1."""
    return asked or (facts.placement.devices if facts.placement else 1)


def trained_recipe(facts: Facts, overrides: Overrides, devices: int) -> Recipe:
    """The recipe to train with on `devices` devices; a Failure if it cannot be trained there."""
    recipe = facts.recipe
    batch = overrides.batch or recipe.batch
    if overrides.steps and overrides.epochs:
        raise Failure("--steps and --epochs both limit the run", help="use only one of them", code=USAGE)
    check_batch(batch, devices)
    if batch == devices and (layer := _normalises_one_value(facts)):
        raise Failure(
            f"{layer} normalises each value over the batch, and one picture per device has no variance",
            help=f"use `--batch {2 * devices}` or more",
            code=USAGE,
        )
    sgd = recipe.optimizer.sgd.model_copy(update={"lr": _learning_rate(recipe, overrides.lr, batch)})
    return recipe.model_copy(
        update={
            "batch": batch,
            "epochs": overrides.epochs or recipe.epochs,
            "optimizer": recipe.optimizer.model_copy(update={"sgd": sgd}),
        }
    )


def _normalises_one_value(facts: Facts) -> str | None:
    """The first batch normalisation whose maps are 1 × 1. Of one picture, PyTorch raises there, Keras computes NaN."""
    for node in facts.graph.nodes:
        if node.op.normalises == "batch" and node.output.size == node.output.channels:
            return node.name
    return None


def _learning_rate(recipe: Recipe, asked: float | None, batch: int) -> float:
    """The learning rate as asked, else the recipe's, scaled in proportion to the batch."""
    if asked is None:
        # The linear scaling rule: Goyal et al., arXiv 1706.02677.
        return recipe.optimizer.sgd.lr * batch / recipe.batch
    if not (math.isfinite(asked) and asked > 0):
        raise Failure(f"--lr {asked} is not a valid learning rate", help="use a number above 0", code=USAGE)
    return asked
