"""What follows the network in the file: the spec's optimizer and schedule, and a check of the file itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from archc.emit import prose, self_check
from archc.emit.plan import SourcePlan
from archc.emit.schedule import rate
from archc.emit.self_check import batch
from archc.emit.step import Step
from archc.emit.syntax import (
    Argument,
    Assign,
    Call,
    Dict,
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
    Unpacked,
    Value,
    call,
    number,
)
from archc.language.optimizers import Sgd, spares_biases, treats_biases_apart
from archc.language.recipe import Recipe
from archc.ops.properties import Loss
from archc.tensor import Tensor

_OPTIONS = Argument(Unpacked(Name("options")))

# By loss: what Keras calls the figure that decides the learning rate, which way it should go, and what it is.
_WATCHED: dict[Loss, tuple[str, str, str]] = {
    "cross_entropy": ("val_accuracy", "max", "accuracy"),
    "binary_cross_entropy": ("val_binary_accuracy", "max", "accuracy"),
    "mean_squared_error": ("val_loss", "min", "loss"),
}


def of_recipe(planned: SourcePlan, recipe: Recipe) -> Iterator[Function]:
    """The functions that train the network as the spec's recipe says."""
    yield from _criterion(recipe)
    yield optimizer(planned, recipe)
    yield from _plateau(recipe)
    yield from rate(recipe)


def _criterion(recipe: Recipe) -> Iterator[Function]:
    """`criterion`: the loss of each example, if it is not one of Keras' as it is."""
    if not recipe.label_smoothing:
        return
    share = number(recipe.label_smoothing)
    dtype = Fixed("outputs.dtype")
    own = call("ops.one_hot", call("ops.cast", Name("targets"), "int32"), Name("classes"), dtype=dtype)
    body = (
        Assign(Name("classes"), Fixed("outputs.shape[-1]"), annotation=Name("Any")),
        Assign(Name("own"), own, annotation=Name("Any")),
        Assign(Name("wanted"), Fixed(f"(1 - {share}) * own + {share} / classes")),
        Return(call("ops.categorical_crossentropy", Name("wanted"), Name("outputs"), from_logits=True)),
    )
    doc = "The spec's loss of each example, with its label smoothing."
    yield Function("criterion", "targets: Any, outputs: Any", "Any", body, doc=doc)


def kind(recipe: Recipe) -> str:
    """The class of the optimizer."""
    sgd = recipe.optimizer.sgd
    if sgd is None:
        return "Adam"
    if sgd.rule != "keras":
        return "MomentumSGD" if sgd.rule == "paper" else "PyTorchSGD"
    # Keras' own class saves neither what it decays nor other rates with a model.
    return "KerasSGD" if treats_biases_apart(sgd) else "keras.optimizers.SGD"


def optimizer(planned: SourcePlan, recipe: Recipe) -> Function:
    """`sgd`, or `adam` or `adamw`: the spec's rule with its numbers."""
    rule = recipe.optimizer.rule
    biases = ("bias", "beta") if any(map(_has_beta, planned.steps)) else ("bias",)
    undecayed = Tuple(tuple(map(Literal, biases)) if spares_biases(rule) else ())
    figures: dict[str, Value | float]
    is_own = "." not in kind(recipe)
    if isinstance(rule, Sgd):
        figures = {"momentum": rule.momentum}
        if is_own or rule.weight_decay:
            figures["weight_decay"] = rule.weight_decay
        if is_own:
            figures["undecayed"] = undecayed
    else:
        figures = {"beta_1": rule.beta1, "beta_2": rule.beta2, "epsilon": rule.epsilon}
        figures |= {"weight_decay": rule.weight_decay, "undecayed": undecayed}
        if recipe.optimizer.adamw:
            figures["decoupled"] = True
    if rule.bias_lr_factor != 1:
        factor = Literal(number(rule.bias_lr_factor))
        figures["lr_factors"] = Dict(tuple((name, factor, None) for name in biases))
    if recipe.clip is not None:
        figures["global_clipnorm"] = number(recipe.clip)
    made = call(kind(recipe), rule.lr, **figures)
    doc, signature = prose.optimizer(recipe), ""
    if recipe.accumulate > 1:
        # A trainer adds the gradients of all parts itself.
        signature, made = "**options: Any", replace(made, arguments=(*made.arguments, _OPTIONS))
        doc = f"The spec's optimizer; on its parts, with `gradient_accumulation_steps={recipe.accumulate}`."
    if isinstance(rule, Sgd) and not is_own:
        doc += f"\n\n{prose.formula(rule.rule)}"
    return Function(recipe.optimizer.name, signature, kind(recipe), (Return(made),), doc=doc)


def _has_beta(step: Step) -> bool:
    """Whether a layer has a number per map that it adds, which Keras calls beta, and not the bias of a kernel."""
    parameters = {each.name: each for each in step.node.op.parameters(step.inputs)}
    weight = parameters.get("weight")
    return "bias" in parameters and (weight is None or len(weight.shape) == 1)


def _plateau(recipe: Recipe) -> Iterator[Function]:
    """`plateau`: the spec's `on_plateau`, if it has that, as a callback of Keras."""
    if recipe.schedule is None or recipe.schedule.on_plateau is None:
        return
    rule = recipe.schedule.on_plateau
    last = rule.last(recipe.lr)
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
        step=_step(planned, recipe),
        finite="all(ops.all(ops.isfinite(w)) for w in model.weights)",
    )


def _random(planned: SourcePlan, x: Tensor) -> Call:
    """A batch of random pictures, or of other numbers or tokens."""
    if x.vocabulary is not None:
        return call("keras.random.randint", batch(planned.shape(x)), 0, x.vocabulary)
    return call("keras.random.normal", batch(planned.shape(x)))


def _step(planned: SourcePlan, recipe: Recipe | None) -> tuple[Statement, ...]:
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
        if recipe is not None and recipe.label_smoothing:
            loss = Name("criterion")
        targets = call("keras.random.randint", batch(first.shape[1:]), 0, first.channels)
    return (
        Assign(Name("targets"), targets),
        Do(call("model.compile", Literal("sgd") if recipe is None else call(recipe.optimizer.name), loss)),
        Assign(Name("loss"), Fixed(step)),
    )
