"""How each op is written in NumPy: an expression of the values that a step reads, one function an op."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from archc.backend import Unsupported
from archc.emit.plan import Step
from archc.emit.syntax import Expression, Literal, Name, Sum, Tuple, call
from archc.ops.conv2d import Conv2d
from archc.ops.dense import Dense
from archc.ops.fields import ONE
from archc.ops.max_pool2d import MaxPool2d
from archc.ops.op import Op
from archc.ops.window import Window

RULES: dict[str, Callable[[Any, Step], Expression]] = {}


def rule(write: Callable[[Any, Step], Expression]) -> Callable[[Any, Step], Expression]:
    """Register a rule for the op of its name."""
    RULES[write.__name__] = write
    return write


@rule
def conv2d(op: Conv2d, step: Step) -> Expression:
    if op.groups > 1:
        raise Unsupported(step.node.name, f"the NumPy backend convolves in one group, not {op.groups}")
    fields = _window(op.window(step.inputs))
    if op.dilation != ONE:
        fields["dilation"] = _numbers(*op.dilation)
    return call("conv2d", _read(step), *_weights(op, step), **fields)


@rule
def max_pool2d(op: MaxPool2d, step: Step) -> Expression:
    return call("max_pool2d", _read(step), _numbers(*op.kernel), **_window(op.window(step.inputs)))


@rule
def dense(op: Dense, step: Step) -> Expression:
    return call("dense", _read(step), *_weights(op, step))


@rule
def relu(op: Op, step: Step) -> Expression:
    return call("numpy.maximum", _read(step), 0)


@rule
def tanh(op: Op, step: Step) -> Expression:
    return call("numpy.tanh", _read(step))


@rule
def softmax(op: Op, step: Step) -> Expression:
    return call("softmax", _read(step))


@rule
def flatten(op: Op, step: Step) -> Expression:
    return call("numpy.reshape", _read(step), _numbers(-1, step.node.output.size))


@rule
def dropout(op: Op, step: Step) -> Expression:
    return _read(step)  # nothing is trained here


@rule
def add(op: Op, step: Step) -> Expression:
    return Sum(tuple(map(Name, step.reads)))


@rule
def concat(op: Op, step: Step) -> Expression:
    return call("numpy.concatenate", Tuple(tuple(map(Name, step.reads))), axis=1)


def _read(step: Step) -> Name:
    (only,) = step.reads
    return Name(only)


def _weights(op: Op, step: Step) -> list[Name]:
    return [Name(f"self.{step.identifier}_{parameter.name}") for parameter in op.parameters(step.inputs)]


def _numbers(*numbers: int) -> Tuple:
    return Tuple(tuple(map(Literal, numbers)))


def _window(window: Window) -> dict[str, Expression]:
    """Stride and padding where they are not the default; what the last window hangs over is padding as well."""
    margins, stride = window.margins, window.stride
    rows = margins.top, margins.bottom + window.vertical.overhang
    columns = margins.left, margins.right + window.horizontal.overhang
    fields: dict[str, Expression] = {} if stride == ONE else {"stride": _numbers(*stride)}
    return fields | ({"padding": Tuple((_numbers(*rows), _numbers(*columns)))} if any(rows + columns) else {})
