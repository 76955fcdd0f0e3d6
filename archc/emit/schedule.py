"""`rate`: the spec's schedule as a function of the step, the same for every framework."""

from __future__ import annotations

from collections.abc import Iterator

from archc.emit.inline import flat
from archc.emit.syntax import Assign, Fixed, Function, Literal, Name, Return, Statement, number
from archc.language.recipe import Recipe

_SIGNATURE = ("step: int", "steps: int", "steps_per_epoch: int")


def _number(value: float) -> Literal:
    return Literal(number(value))


def has_rate(recipe: Recipe) -> bool:
    """Whether the schedule depends on the step: `on_plateau` alone depends on the held-out error only."""
    rules = recipe.schedule
    return rules is not None and any(each is not None for each in (rules.step, rules.cosine, rules.warmup))


def rate(recipe: Recipe) -> Iterator[Function]:
    """`rate`, if the spec's schedule depends on the step. `archc.training.schedule` computes the same."""
    rules = recipe.schedule
    if rules is None or not has_rate(recipe):
        return
    body: list[Statement] = []
    product = ["lr"]
    if rules.warmup is not None:
        epochs = rules.warmup.epochs
        warmup = Fixed(f"{epochs} * steps_per_epoch") if epochs else Literal(rules.warmup.steps)
        body.append(Assign(Name("warmup"), warmup))
    if rules.step is not None:
        every = f"({rules.step.every} * steps_per_epoch)" if rules.step.every > 1 else "steps_per_epoch"
        body.append(Assign(Name("cuts"), Fixed(f"(step - 1) // {every}")))
        product.append(f"{flat(_number(rules.step.factor))}**cuts")
    if rules.cosine is not None:
        done, all_ = "step - 1", "steps"
        if rules.warmup is not None:
            done, all_ = "max(step - 1 - warmup, 0)", "max(steps - warmup, 1)"
        body.append(Assign(Name("part"), Fixed(f"{done} / {all_}" if rules.warmup else f"({done}) / {all_}")))
        body.append(Assign(Name("half"), Fixed("(1 + math.cos(math.pi * part)) / 2")))
        end = flat(_number(rules.cosine.end_factor))
        product.append(f"({end} + (1 - {end}) * half)" if rules.cosine.end_factor else "half")
    if rules.warmup is not None:
        product.append("min(step / warmup, 1)")
    if rules.on_plateau is not None:
        doc = "The learning rate of a step, from 1; `lr` is as `plateau` has lowered it."
    else:
        doc = "The spec's learning rate of a step, from 1, in a run of so many steps."
    signature = (*_SIGNATURE, f"lr: float = {flat(_number(recipe.lr))}")
    yield Function("rate", signature, "float", (*body, Return(Fixed(" * ".join(product)))), doc=doc)
