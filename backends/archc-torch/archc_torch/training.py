"""What stands below the network: the spec's optimizer and schedule, and a check that the file makes of itself."""

from __future__ import annotations

from collections.abc import Iterator

from archc.emit.plan import SourcePlan
from archc.emit.syntax import Assert, Assign, Do, Fixed, Function, Literal, Name, Return, Statement, Tuple, call
from archc.spec import Recipe

EXAMPLES = 2
"""In the check; one would have no variance for a batch normalisation of a vector."""


def sgd(planned: SourcePlan, recipe: Recipe) -> Function:
    """`sgd`: the paper's rule with the spec's figures."""
    rule = recipe.optimizer.sgd
    figures = {"lr": rule.lr, "momentum": rule.momentum, "weight_decay": rule.weight_decay}
    if rule.decay_biases or not rule.weight_decay:
        made = call("MomentumSGD", Fixed("model.parameters()"), **figures)
        return Function("sgd", "model: nn.Module", "MomentumSGD", (Return(made),), doc="The optimizer of the spec.")
    body = (
        Assign(Name("named"), Fixed("list(model.named_parameters())")),
        Assign(Name("weights"), Fixed('[p for name, p in named if not name.endswith(".bias")]')),
        Assign(Name("biases"), Fixed('[p for name, p in named if name.endswith(".bias")]')),
        Assign(Name("groups"), Fixed('[{"params": weights}, {"params": biases, "weight_decay": 0}]')),
        Return(call("MomentumSGD", Name("groups"), **figures)),
    )
    return Function("sgd", "model: nn.Module", "MomentumSGD", body, doc="The optimizer of the spec: no bias decays.")


def plateau(recipe: Recipe) -> Iterator[Function]:
    """`plateau`: the spec's schedule, where it has one, in PyTorch's terms."""
    if recipe.schedule is None:
        return
    rule = recipe.schedule.on_plateau
    least = recipe.optimizer.sgd.lr
    for _ in range(rule.times):
        least *= rule.factor
    fields = {"factor": rule.factor, "patience": rule.patience - 1, "threshold": 0, "min_lr": least, "eps": 0}
    yield Function(
        "plateau",
        "optimizer: MomentumSGD",
        "ReduceLROnPlateau",
        (Return(call("ReduceLROnPlateau", Name("optimizer"), **fields)),),
        doc="The schedule of the spec: `step` takes the held-out error after each epoch.",
    )


def check(planned: SourcePlan) -> Function:
    """`check`: shapes, the count of parameters and, where there is something to train, a step."""
    body = (*_built(planned), *(_trained(planned) if planned.parameters else ()))
    told = "{type(model).__name__}: {count:,} parameters" + (", loss {loss:.2f}" if planned.parameters else "")
    doc = "Build the network, count it, train one step." if planned.parameters else "Build the network and count it."
    return Function("check", "", "None", (*body, Do(Fixed(f'print(f"{told}")'))), doc=doc)


def _built(planned: SourcePlan) -> Iterator[Statement]:
    count = planned.parameters
    yield Do(call("torch.manual_seed", 0))
    yield Assign(Name("model"), call(planned.class_name))
    yield Assign(Name("count"), Fixed("sum(p.numel() for p in model.parameters())"))
    yield Assert(Fixed(f"count == {count}"), Fixed(f'f"{{count:,}} parameters, not {count:,}"'))
    images = tuple(map(Literal, (EXAMPLES, *planned.image_shape.shape)))
    several = len(planned.outputs) > 1
    yield Assign(Name("outputs" if several else "output"), call("model", call("torch.randn", *images)))
    for number, output in enumerate(planned.output_shapes):
        found, wanted = f"outputs[{number}]" if several else "output", str((EXAMPLES, *output.shape))
        yield Assert(Fixed(f"{found}.shape == {wanted}"), Fixed(f'f"output {{tuple({found}.shape)}}, not {wanted}"'))


def _trained(planned: SourcePlan) -> Iterator[Statement]:
    """A step towards random classes, or towards zeros where the network gives no scores of classes."""
    first, *others = planned.output_shapes
    if others:
        loss = Fixed("sum(output.square().mean() for output in outputs)")
    elif first.is_maps:
        loss = Fixed("output.square().mean()")
    else:
        labels = call("torch.randint", first.channels, Tuple((Literal(EXAMPLES),)))
        loss = call("nn.functional.cross_entropy", Name("output"), labels)
    yield Assign(Name("loss"), loss)
    yield Do(Fixed("loss.backward()"))
    yield Do(Fixed("sgd(model).step()"))
    finite = "all(p.isfinite().all() for p in model.parameters())"
    yield Assert(Fixed(finite), Fixed('"weights are not finite"'))
