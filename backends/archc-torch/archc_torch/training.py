"""What follows the network in the file: the spec's optimizer and schedule, and a check of the file itself."""

from __future__ import annotations

from collections.abc import Iterator

from archc.emit import prose, self_check
from archc.emit.inline import flat
from archc.emit.plan import SourcePlan
from archc.emit.schedule import rate
from archc.emit.self_check import batch
from archc.emit.syntax import (
    Assign,
    Call,
    Dict,
    Do,
    Expression,
    Fixed,
    For,
    Function,
    List,
    Literal,
    Name,
    Return,
    Statement,
    Tuple,
    Value,
    call,
    number,
)
from archc.language.optimizers import Sgd, SgdRule, spares_biases, treats_biases_apart
from archc.language.recipe import Recipe
from archc.tensor import Tensor
from archc_torch.parameters import in_torch

_ADAPTIVE = {"adam": "torch.optim.Adam", "adamw": "torch.optim.AdamW"}
_SGD: dict[SgdRule, str] = {"paper": "MomentumSGD", "pytorch": "torch.optim.SGD", "keras": "KerasSGD"}

COUNT = "sum(p.numel() for p in model.parameters())"
_GRADIENTS = Fixed("[p.grad for p in model.parameters() if p.grad is not None]")


def of_recipe(planned: SourcePlan, recipe: Recipe, *, has_parts: bool = False) -> Iterator[Function]:
    """The functions that train the network as the spec's recipe says. With `has_parts`, ranks have parts of weights."""
    yield from _criterion(recipe)
    yield from _clip(recipe, has_parts=has_parts)
    yield optimizer(planned, recipe)
    yield from _plateau(recipe)
    yield from rate(recipe)


def _criterion(recipe: Recipe) -> Iterator[Function]:
    """`criterion`: the loss, if it is not one of PyTorch's as it is."""
    if not recipe.label_smoothing:
        return
    loss = call(
        "nn.functional.cross_entropy", Name("output"), Name("target"), label_smoothing=number(recipe.label_smoothing)
    )
    doc = "The spec's loss, with its label smoothing."
    yield Function("criterion", "output: Tensor, target: Tensor", "Tensor", (Return(loss),), doc=doc)


def _clip(recipe: Recipe, *, has_parts: bool) -> Iterator[Function]:
    """`clip`: limits the norm of the gradient, if the spec does."""
    if recipe.clip is None:
        return
    most = flat(Literal(number(recipe.clip)))
    doc = f"Before a step: scale the gradient to a norm of at most {most}; its norm before."
    body: tuple[Statement, ...] = (
        Assign(Name("gradients"), _GRADIENTS),
        Assign(Name("norm"), call("nn.utils.get_total_norm", Name("gradients"))),
    )
    every = Name("gradients")
    if has_parts:
        # What all ranks have counts once, and all ranks must find the same number.
        gradients = "{n: p.grad for n, p in model.named_parameters() if p.grad is not None}"
        body = (
            Assign(Name("gradients"), Fixed(gradients)),
            Assign(Name("parts"), Fixed("[g for n, g in gradients.items() if axis(n) is not None]")),
            Assign(Name("shared"), Fixed("[g for n, g in gradients.items() if axis(n) is None]")),
            Assign(Name("square"), Fixed("nn.utils.get_total_norm(shared).square()")),
            Assign(Name("square"), Fixed("square / distributed.get_world_size()")),
            Assign(Name("square"), Fixed("square + nn.utils.get_total_norm(parts).square()")),
            Do(call("distributed.all_reduce", Name("square"))),
            Assign(Name("norm"), Fixed("square.sqrt()")),
        )
        every = Fixed("gradients.values()")
    scale = For((Name("gradient"),), every, (Do(Fixed("gradient.mul_(factor)")),))
    factor = Assign(Name("factor"), Fixed(f"({most} / norm).clamp(max=1)"))
    yield Function("clip", "model: nn.Module", "Tensor", (*body, factor, scale, Return(Name("norm"))), doc=doc)


def kind(recipe: Recipe) -> str:
    """The class of the optimizer."""
    sgd = recipe.optimizer.sgd
    return _SGD[sgd.rule] if sgd is not None else _ADAPTIVE[recipe.optimizer.name]


def has_any_groups(recipe: Recipe) -> bool:
    """Whether there are groups of parameters, for a class of PyTorch's, which does not take just any as its type."""
    return treats_biases_apart(recipe.optimizer.rule) and "." in kind(recipe)


def optimizer(planned: SourcePlan, recipe: Recipe) -> Function:
    """`sgd`, or `adam` or `adamw`: the spec's rule with its numbers."""
    rule, function = recipe.optimizer.rule, kind(recipe)
    figures: dict[str, Value | float]
    if isinstance(rule, Sgd):
        figures = {"lr": rule.lr, "momentum": rule.momentum, "weight_decay": rule.weight_decay}
    else:
        betas = Tuple((Literal(rule.beta1), Literal(rule.beta2)))
        figures = {"lr": rule.lr, "betas": betas, "eps": rule.epsilon, "weight_decay": rule.weight_decay}
    doc = prose.optimizer(recipe)
    if "." in function:
        figures["fused"] = True
        doc += f"\n\n{prose.formula(rule.rule)}" if isinstance(rule, Sgd) else ""
    if not treats_biases_apart(rule):
        made = call(function, Fixed("model.parameters()"), **figures)
        return Function(recipe.optimizer.name, "model: nn.Module", function, (Return(made),), doc=doc)
    own: dict[str, float] = {"weight_decay": 0} if spares_biases(rule) else {}
    if rule.bias_lr_factor != 1:
        own |= {"lr": rule.lr * rule.bias_lr_factor, "lr_factor": rule.bias_lr_factor}
    options = ((name, Literal(number(value)), None) for name, value in own.items())
    groups = (
        Dict((("params", Name("weights"), None),)),
        Dict((("params", Name("biases"), None), *options)),
    )
    weights, biases = _by_kind(planned)
    body = (
        Assign(Name("weights"), Fixed(weights)),
        Assign(Name("biases"), Fixed(biases)),
        Assign(Name("groups"), List(groups), annotation=Name("Any") if has_any_groups(recipe) else None),
        Return(call(function, Name("groups"), **figures)),
    )
    return Function(recipe.optimizer.name, "model: nn.Module", function, body, doc=doc)


def _by_kind(planned: SourcePlan) -> tuple[str, str]:
    """The parameters that are not biases, and those that are, by their names."""
    layers = [step for step in planned.steps if step.path is None]  # not those that the backend has added
    parameters = (each for step in layers for each in step.node.op.parameters(step.inputs) if each.trained)
    kinds = {in_torch(each.name).rpartition(".")[2] for each in parameters}
    others = [kind for kind in kinds if "bias" in kind and kind != "bias"]
    if others:  # a recurrent layer has several biases, each with a name of its own
        each = "[p for n, p in model.named_parameters() if {}]"
        return each.format('"bias" not in n.split(".")[-1]'), each.format('"bias" in n.split(".")[-1]')
    each = "[p for name, p in model.named_parameters() if {}]"
    return each.format('not name.endswith(".bias")'), each.format('name.endswith(".bias")')


def _plateau(recipe: Recipe) -> Iterator[Function]:
    """`plateau`: the spec's `on_plateau`, if it has that, as PyTorch's own scheduler."""
    if recipe.schedule is None or recipe.schedule.on_plateau is None:
        return
    rule, factor = recipe.schedule.on_plateau, recipe.optimizer.rule.bias_lr_factor
    last: Expression = Literal(rule.last(recipe.lr))
    if factor != 1:
        last = List((last, Literal(rule.last(recipe.lr * factor))))
    fields = {"factor": rule.factor, "patience": rule.patience - 1, "threshold": 0, "min_lr": last, "eps": 0}
    yield Function(
        "plateau",
        f"optimizer: {kind(recipe)}",
        "ReduceLROnPlateau",
        (Return(call("ReduceLROnPlateau", Name("optimizer"), **fields)),),
        doc="The spec's schedule: call `step` with the held-out error after each epoch.",
    )


def check(planned: SourcePlan, recipe: Recipe | None) -> Function:
    """`check`: parameters, shapes and one training step, or without a recipe the gradients, in PyTorch."""
    return self_check.check(
        planned,
        build=self_check.seeded(planned, call("torch.manual_seed", 0)),
        count=COUNT,
        compute=(Assign(self_check.result(planned), call("model", *images(planned))),),
        step=step(planned, targets(planned), recipe),
        finite=finite(recipe),
        what=learned(recipe),
    )


def learned(recipe: Recipe | None) -> str:
    """What a step gives, which must be finite."""
    return "gradients" if recipe is None else "weights"


def finite(recipe: Recipe | None) -> str:
    """An expression that is true if they are."""
    each = "g in gradients" if recipe is None else "p in model.parameters()"
    return f"all({each[0]}.isfinite().all() for {each})"


def images(planned: SourcePlan) -> tuple[Call, ...]:
    """A batch of random values for each input."""
    return tuple(_random(planned, x) for x in planned.inputs.values())


def _random(planned: SourcePlan, x: Tensor) -> Call:
    """A batch of random pictures, or of other numbers or tokens."""
    if x.vocabulary is not None:
        return call("torch.randint", x.vocabulary, batch(planned.shape(x)))
    return call("torch.randn", *batch(planned.shape(x)).items)


def targets(planned: SourcePlan, examples: int = self_check.EXAMPLES) -> Call | None:
    """Random targets for the loss of so many examples; None for one that is towards zeros."""
    first, *others = planned.output_shapes
    if others or planned.loss == "mean_squared_error":
        return None
    if planned.loss == "binary_cross_entropy":
        return call("torch.rand", *batch(first.shape, examples).items)
    return call("torch.randint", first.channels, batch(first.shape[1:], examples))


def step(planned: SourcePlan, targets: Expression | None, recipe: Recipe | None) -> tuple[Statement, ...]:
    """A training step towards the targets, or towards zeros if there are none; its gradients without a recipe."""
    if len(planned.output_shapes) > 1:
        loss = Fixed("torch.stack([output.square().mean() for output in outputs]).sum()")
    elif targets is None:
        loss = Fixed("output.square().mean()")
    else:
        kind = "cross_entropy" if planned.loss == "cross_entropy" else "binary_cross_entropy_with_logits"
        loss = call(f"nn.functional.{kind}", Name("output"), targets)
        if recipe is not None and recipe.label_smoothing:
            loss = call("criterion", Name("output"), targets)
    update = None if recipe is None else Fixed(f"{recipe.optimizer.name}(model).step()")
    learn = Assign(Name("gradients"), _GRADIENTS) if update is None else Do(update)
    return Assign(Name("loss"), loss), Do(Fixed("loss.backward()")), learn
