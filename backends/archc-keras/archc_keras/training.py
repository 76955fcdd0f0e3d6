"""What follows the network in the file: the spec's optimizer and schedule, and a check of the file itself."""

from __future__ import annotations

from collections.abc import Iterator

from archc.emit import self_check
from archc.emit.plan import SourcePlan
from archc.emit.prose import optimizer
from archc.emit.self_check import batch
from archc.emit.syntax import (
    Assign,
    Call,
    Do,
    Expression,
    Fixed,
    Function,
    List,
    Literal,
    Name,
    Return,
    Statement,
    Tuple,
    call,
)
from archc.language.recipe import Recipe
from archc.ops.properties import Loss
from archc.tensor import Tensor

# By loss: what Keras calls the figure that decides the learning rate, which way it should go, and what it is.
_WATCHED: dict[Loss, tuple[str, str, str]] = {
    "cross_entropy": ("val_accuracy", "max", "accuracy"),
    "binary_cross_entropy": ("val_binary_accuracy", "max", "accuracy"),
    "mean_squared_error": ("val_loss", "min", "loss"),
}


def sgd(planned: SourcePlan, recipe: Recipe) -> Function:
    """`sgd`: the paper's rule with the spec's numbers."""
    rule = recipe.optimizer.sgd
    normalises = any(step.node.op.normalises == "batch" for step in planned.steps)
    biases = ("bias", "beta") if normalises else ("bias",)  # Keras calls a batch normalisation's bias beta
    undecayed = Tuple(tuple(map(Literal, biases)) if rule.spares_biases else ())
    figures = {"momentum": rule.momentum, "weight_decay": rule.weight_decay}
    made = call("MomentumSGD", rule.lr, **figures, undecayed=undecayed)
    return Function("sgd", "", "MomentumSGD", (Return(made),), doc=optimizer(recipe))


def plateau(recipe: Recipe) -> Iterator[Function]:
    """`plateau`: the spec's schedule, if it has one, as a callback of Keras."""
    if recipe.schedule is None:
        return
    rule = recipe.schedule.on_plateau
    last = rule.last(recipe.optimizer.sgd.lr)
    fields = {"factor": rule.factor, "patience": rule.patience, "min_delta": 0, "min_lr": last}
    kind = "keras.callbacks.ReduceLROnPlateau"
    watched, mode, what = _WATCHED[recipe.loss]
    made = call(kind, watched, mode=mode, **fields)
    doc = f"The spec's schedule for `fit`; it follows the held-out {what}."
    yield Function("plateau", "", kind, (Return(made),), doc=doc)


def check(planned: SourcePlan, recipe: Recipe | None) -> Function:
    """`check`: parameters, shapes and one training step, without a recipe that of Keras' own SGD."""
    made = tuple(_random(planned, x) for x in planned.inputs.values())
    images = made[0] if len(made) == 1 else List(made)
    output = self_check.result(planned)
    return self_check.check(
        planned,
        build=self_check.seeded(planned, call("keras.utils.set_random_seed", 0)),
        count="sum(math.prod(w.shape) for w in model.trainable_weights)",
        compute=(Assign(Name("images"), images), Assign(output, call("model", Name("images")), annotation=Name("Any"))),
        step=_step(planned, Literal("sgd") if recipe is None else call("sgd")),
        finite="all(ops.all(ops.isfinite(w)) for w in model.weights)",
    )


def _random(planned: SourcePlan, x: Tensor) -> Call:
    """A batch of random pictures, or of other numbers or tokens."""
    if x.vocabulary is not None:
        return call("keras.random.randint", batch(planned.shape(x)), 0, x.vocabulary)
    return call("keras.random.normal", batch(planned.shape(x)))


def _step(planned: SourcePlan, optimizer: Expression) -> tuple[Statement, ...]:
    """A training step towards random targets, or towards zeros for a loss of squares or of several outputs."""
    first, *others = planned.output_shapes
    loss: Expression = Literal("mean_squared_error")
    step = "model.train_on_batch(images, targets)"
    if others:
        targets = Fixed("[ops.zeros_like(output) for output in outputs]")
        # Without return_dict, the result is a list with the loss of each output.
        step = 'model.train_on_batch(images, targets, return_dict=True)["loss"]'
    elif planned.loss == "mean_squared_error":
        targets = Fixed("ops.zeros_like(output)")
    elif planned.loss == "binary_cross_entropy":
        loss = call("keras.losses.BinaryCrossentropy", from_logits=True)
        targets = call("keras.random.uniform", batch(planned.shape(first)))
    else:
        loss = call("keras.losses.SparseCategoricalCrossentropy", from_logits=True)
        targets = call("keras.random.randint", batch(first.shape[1:]), 0, first.channels)
    return (
        Assign(Name("targets"), targets),
        Do(call("model.compile", optimizer, loss)),
        Assign(Name("loss"), Fixed(step)),
    )
