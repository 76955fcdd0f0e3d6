"""Layers of several inputs."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import Call, Difference, Expression, Literal, Name, Product, Sum, Tuple, call
from archc.ops.add import Add
from archc.ops.concat import Concat
from archc.ops.maximum import Maximum
from archc.ops.multiply import Multiply
from archc.ops.subtract import Subtract
from archc.tensor import Tensor
from archc_torch.rules.table import rule


@rule(Add)
def add(op: Add, step: Step) -> Expression:
    return Sum(tuple(map(Name, step.reads)))


@rule(Concat)
def concat(op: Concat, step: Step) -> Expression:
    return call("torch.cat", Tuple(tuple(map(Name, step.reads))), dim=step.axis)


@rule(Subtract)
def subtract(op: Subtract, step: Step) -> Expression:
    return Difference(tuple(map(Name, step.reads)))


@rule(Multiply)
def multiply(op: Multiply, step: Step) -> Expression:
    read = zip(step.reads, step.inputs, strict=True)
    return Product(tuple(_factor(name, x, step.node.output) for name, x in read))


def _factor(name: str, x: Tensor, output: Tensor) -> Name | Call:
    """An input of a product; a vector of one value per map with an axis for each of the positions."""
    missing = len(output.shape) - len(x.shape)
    if not missing:
        return Name(name)
    shape = Tuple((Literal(x.channels), *[Literal(1)] * missing))
    return call("torch.unflatten", Name(name), 1, shape)


@rule(Maximum)
def maximum(op: Maximum, step: Step) -> Expression:
    first, second, *others = map(Name, step.reads)
    most = call("torch.maximum", first, second)
    for other in others:
        most = call("torch.maximum", most, other)
    return most
