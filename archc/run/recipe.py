"""The recipe and the number of devices of a run: the spec's, or what the command line puts in their place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from archc.analysis import Facts
from archc.arrays.folder import are_arrays
from archc.backend import Backend
from archc.failure import USAGE, Failure
from archc.language.recipe import Recipe
from archc.language.spec import DEVICES, Strategy
from archc.pictures.built_in import built_in_pictures
from archc.pictures.folder import find_pictures
from archc.training.batch import check_batch


@dataclass(frozen=True)
class Overrides:
    """The command line's values for fields of the recipe; None keeps the spec's."""

    batch: int | None
    lr: float | None
    steps: int | None
    epochs: int | None


def devices_wanted(asked: int | None, strategy: Strategy | None, facts: Facts) -> int:
    """The number of devices to train on: as asked, else as in the spec's `parallel:`, else 1, or 2 for a strategy."""
    return asked or (facts.placement.devices if facts.placement else DEVICES if strategy else 1)


def strategy_wanted(asked: Strategy | None, devices: int, facts: Facts, backend: Backend) -> Strategy:
    """How the devices share the work: as asked, else as in the spec's `parallel:` if the backend can, else by data."""
    if asked and devices == 1:
        help = "use `--gpus 2`, or omit `--parallel`"
        raise Failure(f"`--parallel {asked}` needs several devices, and there is one", help=help, code=USAGE)
    if asked and asked != "data" and asked not in backend.strategies:
        help = "it trains with `--parallel data`; the backend `torch` trains with all strategies"
        raise Failure(f"the backend `{backend.name}` does not train with `--parallel {asked}`", help=help, code=USAGE)
    if asked or devices == 1 or facts.spec.parallel is None:
        return asked or "data"
    strategy = facts.spec.parallel.strategy
    return strategy if strategy in backend.strategies else "data"


def trained_recipe(facts: Facts, overrides: Overrides, devices: int, *, data: Path | None) -> Recipe:
    """The recipe to train with on `devices` devices; a Failure if it cannot be trained there.

    `data` is the folder of pictures or of arrays, or None for the built-in ones.
    """
    recipe, called = facts.recipe, "example" if data is not None and are_arrays(data) else "picture"
    batch = overrides.batch or recipe.batch
    if overrides.steps and overrides.epochs:
        raise Failure("--steps and --epochs both limit the run", help="use only one of them", code=USAGE)
    lr = _learning_rate(recipe, overrides.lr, batch)
    try:
        check_batch(batch, devices, needs_two=needs_two(facts), called=called, parts=recipe.accumulate)
    except Failure:
        # Only now, for the batch to suggest: the training process finds and checks the pictures.
        count, parts = _pictures(data), recipe.accumulate
        check_batch(batch, devices, needs_two=needs_two(facts), pictures=count, called=called, parts=parts)
        raise
    return recipe.with_lr(lr).model_copy(update={"batch": batch, "epochs": overrides.epochs or recipe.epochs})


def needs_two(facts: Facts) -> str | None:
    """The first batch normalisation whose maps are 1 × 1. Of one picture, PyTorch raises there, Keras computes NaN."""
    for node in facts.graph.nodes:
        if node.op.normalises == "batch" and node.output.size == node.output.channels:
            return node.name
    return None


def _pictures(data: Path | None) -> int | None:
    """The number of training pictures; None if the folder's own faults keep it unknown."""
    try:
        return len((built_in_pictures(Path(), channels=3) if data is None else find_pictures(data)).train)
    except Failure:
        return None


def _learning_rate(recipe: Recipe, asked: float | None, batch: int) -> float:
    """The learning rate as asked, else the recipe's, scaled with the batch."""
    if asked is None:
        return recipe.lr * (batch / recipe.batch) ** recipe.optimizer.rule.batch_power
    if not (math.isfinite(asked) and asked > 0):
        raise Failure(f"--lr {asked} is not a valid learning rate", help="use a number above 0", code=USAGE)
    return asked
