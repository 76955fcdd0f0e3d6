"""What stands below the model in an emitted file: the spec's optimizer, and a check that runs the file by itself."""

from __future__ import annotations

from archc.emit.plan import SourcePlan
from archc.emit.syntax import (
    Assert,
    Assign,
    Do,
    Expression,
    Fixed,
    Function,
    Literal,
    Name,
    Return,
    Statement,
    Tuple,
    call,
)
from archc.graph import Tensor
from archc.spec import Recipe

EXAMPLES = 2


def optimizer(planned: SourcePlan, recipe: Recipe) -> Function:
    """`sgd`: the paper's rule with the spec's figures."""
    rule = recipe.optimizer.sgd
    ops = {step.node.op.op for step in planned.steps}
    biases = ("bias", "beta") if "batch_norm" in ops else ("bias",)
    undecayed = Tuple(() if rule.decay_biases else tuple(map(Literal, biases)))
    figures = {"momentum": rule.momentum, "weight_decay": rule.weight_decay}
    made = call("MomentumSGD", rule.lr, **figures, undecayed=undecayed)
    return Function("sgd", "", "MomentumSGD", (Return(made),), doc="The optimizer as the spec has it.")


def check(planned: SourcePlan) -> Function:
    """`check`: shapes, the count of parameters and, where there is something to train, two steps."""
    steps = tuple(_train(planned)) if planned.parameters else ()
    losses = ", losses {loss[0]:.2f}, {loss[1]:.2f}" if steps else ""
    told = f'print(f"{{model.name}}: {{count:,}} parameters{losses}")'
    doc = "Build the network, count it, and train two steps on random images."
    body = (*_built(planned), *steps, Do(Fixed(told)))
    return Function("check", "", "None", body, doc=doc if steps else "Build the network and count it.")


def channels_last(tensor: Tensor) -> tuple[int, ...]:
    """A tensor's shape as Keras has it: (C, H, W) -> (H, W, C)."""
    return (*tensor.shape[1:], tensor.channels)


def _built(planned: SourcePlan) -> tuple[Statement, ...]:
    count = planned.parameters
    return (
        Do(call("keras.utils.set_random_seed", 0)),
        Assign(Name("model"), call(planned.class_name)),
        Assign(Name("count"), Fixed("sum(math.prod(w.shape) for w in model.trainable_weights)")),
        Assert(Fixed(f"count == {count}"), Fixed(f'f"{{count:,}} parameters, not {count:,}"')),
        *_shapes(planned.output_shapes),
    )


def _shapes(outputs: tuple[Tensor, ...]) -> tuple[Assert, ...]:
    single = len(outputs) == 1
    found = ["model.output_shape" if single else f"model.output_shape[{index}]" for index in range(len(outputs))]
    expected = [str((None, *channels_last(output))) for output in outputs]
    return tuple(
        Assert(Fixed(f"{shape} == {wanted}"), Fixed(f'f"output {{{shape}}}"'))
        for shape, wanted in zip(found, expected, strict=True)
    )


def _train(planned: SourcePlan) -> tuple[Statement, ...]:
    """Two steps: towards random classes, or towards zeros where the network gives no scores of classes."""
    first, *others = planned.output_shapes
    loss: Expression
    target: Expression
    if others or first.is_maps:
        loss = Literal("mean_squared_error")
        target = Fixed("keras.tree.map_structure(keras.ops.zeros_like, model(images))")
    else:
        loss = call("keras.losses.SparseCategoricalCrossentropy", from_logits=True)
        target = call("keras.random.randint", _batch(()), 0, first.channels)
    losses = Fixed('model.fit(images, targets, epochs=2, verbose=0).history["loss"]')
    return (
        Do(call("model.compile", call("sgd"), loss)),
        Assign(Name("images"), call("keras.random.normal", _batch(channels_last(planned.image_shape)))),
        Assign(Name("targets"), target),
        Assign(Name("loss"), losses),
        Assert(Fixed("math.isfinite(sum(loss))"), Fixed('f"losses {loss}"')),
    )


def _batch(shape: tuple[int, ...]) -> Tuple:
    return Tuple(tuple(map(Literal, (EXAMPLES, *shape))))
