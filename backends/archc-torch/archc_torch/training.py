"""What follows the network in the file: the spec's optimizer and schedule, and a check of the file itself."""

from __future__ import annotations

from collections.abc import Iterator

from archc.emit import self_check
from archc.emit.plan import SourcePlan
from archc.emit.prose import optimizer
from archc.emit.self_check import batch
from archc.emit.syntax import Assign, Call, Do, Expression, Fixed, Function, Name, Return, Statement, call
from archc.language.recipe import Recipe
from archc.tensor import Tensor

COUNT = "sum(p.numel() for p in model.parameters())"
_GRADIENTS = Fixed("[p.grad for p in model.parameters() if p.grad is not None]")


def sgd(recipe: Recipe) -> Function:
    """`sgd`: the paper's rule with the spec's numbers."""
    rule = recipe.optimizer.sgd
    figures = {"lr": rule.lr, "momentum": rule.momentum, "weight_decay": rule.weight_decay}
    if not rule.spares_biases:
        made = call("MomentumSGD", Fixed("model.parameters()"), **figures)
        return Function("sgd", "model: nn.Module", "MomentumSGD", (Return(made),), doc=optimizer(recipe))
    body = (
        Assign(Name("weights"), Fixed('[p for name, p in model.named_parameters() if not name.endswith(".bias")]')),
        Assign(Name("biases"), Fixed('[p for name, p in model.named_parameters() if name.endswith(".bias")]')),
        Assign(Name("groups"), Fixed('[{"params": weights}, {"params": biases, "weight_decay": 0}]')),
        Return(call("MomentumSGD", Name("groups"), **figures)),
    )
    return Function("sgd", "model: nn.Module", "MomentumSGD", body, doc=optimizer(recipe))


def plateau(recipe: Recipe) -> Iterator[Function]:
    """`plateau`: the spec's schedule, if it has one, as PyTorch's own scheduler."""
    if recipe.schedule is None:
        return
    rule = recipe.schedule.on_plateau
    last = rule.last(recipe.optimizer.sgd.lr)
    fields = {"factor": rule.factor, "patience": rule.patience - 1, "threshold": 0, "min_lr": last, "eps": 0}
    yield Function(
        "plateau",
        "optimizer: MomentumSGD",
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
    learn = Assign(Name("gradients"), _GRADIENTS) if recipe is None else Do(Fixed("sgd(model).step()"))
    return Assign(Name("loss"), loss), Do(Fixed("loss.backward()")), learn
