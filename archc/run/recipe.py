"""The recipe of a run: the spec's, with the command line's overrides, and what there is to say about it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from archc.analysis import Facts
from archc.failure import Failure
from archc.language.spec import Recipe


@dataclass(frozen=True)
class Overrides:
    """What the command line puts in the recipe's place; None leaves it."""

    batch: int | None
    lr: float | None
    steps: int | None
    epochs: int | None


def devices_wanted(asked: int | None, facts: Facts) -> tuple[int, list[str]]:
    """How many devices to train on, and a note where the spec's strategy gives way."""
    placement = facts.placement
    devices = asked or (placement.devices if placement else 1)
    if placement is None or placement.strategy == "data" or devices == 1:
        return devices, []
    return devices, [
        f"strategy: data parallel takes the place of the spec's `{placement.strategy}`, which this version cannot run: "
        f"each device holds the whole model and 1/{devices} of the batch"
    ]


def trained_recipe(facts: Facts, overrides: Overrides, devices: int) -> tuple[Recipe, list[str]]:
    """The recipe to train with, and a note on every figure that is not the spec's."""
    recipe = facts.recipe
    batch = overrides.batch or recipe.batch
    if overrides.steps and overrides.epochs:
        raise Failure("--steps and --epochs both say when to stop", help="give one of them", code=2)
    if batch % devices:
        whole = max(batch // devices, 1) * devices
        help = f"`--batch {whole}`: every device must see as many pictures as the others"
        raise Failure(f"a batch of {batch} does not split evenly over {devices} devices", help=help, code=2)
    if batch == devices and (layer := _normalises_one_value(facts)):
        raise Failure(
            f"{layer} normalises each value over a batch, and one picture a device has no variance",
            help=f"`--batch {2 * devices}` or more",
            code=2,
        )
    lr, notes = _learning_rate(recipe, overrides, batch)
    if facts.recipe_is_default:
        notes.insert(
            0, "the spec has no `train:`, so this is the default recipe, the paper's: the run's job.json has it"
        )
    sgd = recipe.optimizer.sgd.model_copy(update={"lr": lr})
    return (
        recipe.model_copy(
            update={
                "batch": batch,
                "epochs": overrides.epochs or recipe.epochs,
                "optimizer": recipe.optimizer.model_copy(update={"sgd": sgd}),
            }
        ),
        notes,
    )


def _normalises_one_value(facts: Facts) -> str | None:
    """A batch normalisation that has one value of each map in a picture. PyTorch would raise, Keras compute NaN."""
    for node in facts.graph.nodes:
        if node.op.op == "batch_norm" and node.output.size == node.output.channels:
            return node.name
    return None


def _learning_rate(recipe: Recipe, overrides: Overrides, batch: int) -> tuple[float, list[str]]:
    """The rate for a batch: in proportion to it (Goyal et al., arXiv 1706.02677), unless it is given."""
    asked, in_recipe = overrides.lr, recipe.optimizer.sgd.lr
    if asked is not None and not (math.isfinite(asked) and asked > 0):
        raise Failure(f"--lr {asked} is no learning rate", help="a number above 0", code=2)
    lr = in_recipe * batch / recipe.batch if asked is None else asked
    notes: list[str] = []
    if batch != recipe.batch:
        scaled = f"{in_recipe:g} × {batch}/{recipe.batch} = {lr:g} (`--lr` sets another)"
        why = f", so the learning rate is scaled with it: {scaled}" if asked is None else ""
        notes.append(f"batch: {batch} instead of the recipe's {recipe.batch}{why}")
    if asked not in (None, in_recipe):
        notes.append(f"learning rate: {lr:g} instead of the recipe's {in_recipe:g}")
    return lr, notes
