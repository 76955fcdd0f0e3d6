"""How a run differs from its spec, one line for each difference, as `archc train` prints them before training."""

from __future__ import annotations

from archc.analysis import Facts
from archc.language.recipe import Recipe
from archc.language.spec import Strategy
from archc.run.recipe import Overrides


def run_notes(
    facts: Facts, overrides: Overrides, recipe: Recipe, devices: int, strategy: Strategy, backend: str
) -> list[str]:
    """The lines for a run of `recipe` on `devices` devices; none if the run follows the spec in everything."""
    return [*_on_strategy(facts, devices, strategy, backend), *_on_default(facts), *_on_batch(facts, overrides, recipe)]


def _on_strategy(facts: Facts, devices: int, strategy: Strategy, backend: str) -> list[str]:
    parallel = facts.spec.parallel
    # On one device, all strategies are the same.
    if parallel is None or parallel.strategy == strategy or devices == 1:
        return []
    asked = "as asked" if backend == "torch" else f"since the backend `{backend}` trains no other"
    return [f"strategy: `{strategy}` instead of the spec's `{parallel.strategy}`, {asked}"]


def _on_default(facts: Facts) -> list[str]:
    if not facts.recipe_is_default:
        return []
    name, lr = facts.recipe.optimizer.name, facts.recipe.lr
    return [
        f"recipe: the spec has no `train:`; using the default, {name} with lr {lr:g} (all of it in the run's job.json)"
    ]


def _on_batch(facts: Facts, overrides: Overrides, recipe: Recipe) -> list[str]:
    """Another batch, and another learning rate: a given one, or one that is scaled with the batch."""
    before, lr_before, lr = facts.recipe.batch, facts.recipe.lr, recipe.lr
    notes: list[str] = []
    if recipe.batch != before:
        ratio = f"{recipe.batch}/{before}"
        part = ratio if recipe.optimizer.rule.batch_power == 1 else f"√({ratio})"
        scaled = f"{lr_before:g} × {part} = {lr:g} (`--lr` sets another)"
        why = f"; the learning rate is scaled with it: {scaled}" if overrides.lr is None else ""
        notes.append(f"batch: {recipe.batch} instead of the recipe's {before}{why}")
    if overrides.lr not in (None, lr_before):
        notes.append(f"learning rate: {lr:g} instead of the recipe's {lr_before:g}")
    return notes
