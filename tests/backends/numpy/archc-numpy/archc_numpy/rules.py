"""How each op is written in NumPy: one rule per op, which returns an expression of the op's inputs."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.rules import Rules
from archc.emit.syntax import Expression, Literal, Name, Sum, Tuple, call
from archc.ops.add import Add
from archc.ops.concat import Concat
from archc.ops.conv2d import Conv2d
from archc.ops.dense import Dense
from archc.ops.dropout import Dropout
from archc.ops.fields import ONE
from archc.ops.flatten import Flatten
from archc.ops.max_pool2d import MaxPool2d
from archc.ops.op import Op
from archc.ops.relu import Relu
from archc.ops.softmax import Softmax
from archc.ops.tanh import Tanh
from archc.ops.window import Window

RULES = Rules[Expression]("numpy", "NumPy")
rule = RULES.register


@rule(Conv2d)
def conv2d(op: Conv2d, step: Step) -> Expression:
    if op.groups > 1:
        raise RULES.unsupported(step, f"{op.groups} groups")
    fields = _window(op.window(step.inputs))
    if op.dilation != ONE:
        fields["dilation"] = _numbers(*op.dilation)
    return call("conv2d", _read(step), *_weights(op, step), **fields)


@rule(MaxPool2d)
def max_pool2d(op: MaxPool2d, step: Step) -> Expression:
    return call("max_pool2d", _read(step), _numbers(*op.kernel), **_window(op.window(step.inputs)))


@rule(Dense)
def dense(op: Dense, step: Step) -> Expression:
    return call("dense", _read(step), *_weights(op, step))


@rule(Relu)
def relu(op: Relu, step: Step) -> Expression:
    return call("numpy.maximum", _read(step), 0) if op.max is None else call("numpy.clip", _read(step), 0, op.max)


@rule(Tanh)
def tanh(op: Tanh, step: Step) -> Expression:
    return call("numpy.tanh", _read(step))


@rule(Softmax)
def softmax(op: Softmax, step: Step) -> Expression:
    if op.over == "positions":
        raise RULES.unsupported(step, "a softmax over positions")
    return call("softmax", _read(step))


@rule(Flatten)
def flatten(op: Flatten, step: Step) -> Expression:
    return call("numpy.reshape", _read(step), _numbers(-1, step.node.output.size))


@rule(Dropout)
def dropout(op: Dropout, step: Step) -> Expression:
    return _read(step)  # nothing is trained here


@rule(Add)
def add(op: Add, step: Step) -> Expression:
    return Sum(tuple(map(Name, step.reads)))


@rule(Concat)
def concat(op: Concat, step: Step) -> Expression:
    return call("numpy.concatenate", Tuple(tuple(map(Name, step.reads))), axis=1)


def _read(step: Step) -> Name:
    (only,) = step.reads
    return Name(only)


def _weights(op: Op, step: Step) -> list[Name]:
    return [Name(f"self.{step.identifier}_{parameter.name}") for parameter in op.parameters(step.inputs)]


def _numbers(*numbers: int) -> Tuple:
    return Tuple(tuple(map(Literal, numbers)))


def _window(window: Window) -> dict[str, Expression]:
    """Stride and padding, each if it is not the default."""
    top, bottom, left, right = around = window.around
    fields: dict[str, Expression] = {} if window.stride == ONE else {"stride": _numbers(*window.stride)}
    padding = {"padding": Tuple((_numbers(top, bottom), _numbers(left, right)))}
    return fields | (padding if any(around) else {})
