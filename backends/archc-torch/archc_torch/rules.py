"""How each op is written in PyTorch: one function an op, called like the op.

A rule returns the modules that compute the op one after the other, or, for an op without a module, an expression of
the values that it reads.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from archc.emit.plan import Step
from archc.emit.syntax import Call, Expression, Fixed, Literal, Name, Sum, Tuple, call, number, pair
from archc.ops.batch_norm import BatchNorm
from archc.ops.conv2d import Conv2d
from archc.ops.dense import Dense
from archc.ops.dropout import Dropout
from archc.ops.fields import ONE, Size
from archc.ops.lrn import Lrn
from archc.ops.max_pool2d import MaxPool2d
from archc.ops.op import Op
from archc.ops.window import Window

Modules = tuple[Call, ...]
Rule = Callable[[Any, Step], Modules | Expression]

RULES: dict[str, Rule] = {}


def rule(emit: Rule) -> Rule:
    """Register a rule for the op of its name."""
    RULES[emit.__name__] = emit
    return emit


@rule
def conv2d(op: Conv2d, step: Step) -> Modules:
    window = op.window(step.inputs)
    padding = _symmetric(window)
    fields: dict[str, Expression | int | bool] = {}
    if op.stride != ONE:
        fields["stride"] = pair(op.stride)
    if padding and any(padding):
        fields["padding"] = pair(padding)
    if op.dilation != ONE:
        fields["dilation"] = pair(op.dilation)
    if op.groups > 1:
        fields["groups"] = op.groups
    if not op.bias:
        fields["bias"] = False
    (x,) = step.inputs
    conv = call("nn.Conv2d", x.channels, op.filters, pair(op.kernel), **fields)
    return (conv,) if padding is not None else (call("nn.ZeroPad2d", _sides(window)), conv)


@rule
def max_pool2d(op: MaxPool2d, step: Step) -> Modules:
    window = op.window(step.inputs)
    fields: dict[str, Expression | int | bool] = {"stride": pair(op.stride)}
    padding = window.margins.symmetric
    # PyTorch pads at most half a window, and its ceil_mode rounds as the language does.
    if padding is None or padding.height > op.kernel.height // 2 or padding.width > op.kernel.width // 2:
        pad = call("nn.ConstantPad2d", _sides(window), Fixed('float("-inf")'))
        return pad, call("nn.MaxPool2d", pair(op.kernel), **fields)
    if any(padding):
        fields["padding"] = pair(padding)
    if _overhangs(window):
        fields["ceil_mode"] = True
    return (call("nn.MaxPool2d", pair(op.kernel), **fields),)


@rule
def lrn(op: Lrn, step: Step) -> Modules:
    fields = {"alpha": number(op.alpha), "beta": number(op.beta), "k": number(op.k)}
    if op.scope == "spatial":
        return (call("SpatialLRN", op.size, **fields),)
    if op.groups > 1:
        fields["groups"] = op.groups
    return (call("LRN", op.size, **fields),)


@rule
def batch_norm(op: BatchNorm, step: Step) -> Modules:
    fields: dict[str, float] = {}
    if op.epsilon != 1e-5:
        fields["eps"] = op.epsilon
    # PyTorch's is the share of the new figure; subtracted in decimal, so that 0.9 gives 0.1.
    momentum = float(1 - Decimal(str(op.momentum)))
    if momentum != 0.1:
        fields["momentum"] = number(momentum)
    (x,) = step.inputs
    return (call("nn.BatchNorm2d" if x.is_maps else "nn.BatchNorm1d", x.channels, **fields),)


@rule
def relu(op: Op, step: Step) -> Modules:
    return (call("nn.ReLU"),)


@rule
def tanh(op: Op, step: Step) -> Modules:
    return (call("nn.Tanh"),)


@rule
def flatten(op: Op, step: Step) -> Modules:
    return (call("nn.Flatten"),)


@rule
def dense(op: Dense, step: Step) -> Modules:
    (x,) = step.inputs
    return (call("nn.Linear", x.size, op.units, **({} if op.bias else {"bias": False})),)


@rule
def dropout(op: Dropout, step: Step) -> Modules:
    return (call("nn.Dropout", op.rate),)


@rule
def softmax(op: Op, step: Step) -> Modules:
    return (call("nn.Softmax", dim=1),)


@rule
def add(op: Op, step: Step) -> Expression:
    return Sum(tuple(map(Name, step.reads)))


@rule
def concat(op: Op, step: Step) -> Expression:
    return call("torch.cat", Tuple(tuple(map(Name, step.reads))), dim=1)


def _symmetric(window: Window) -> Size | None:
    """The padding that PyTorch's own argument can express."""
    return None if _overhangs(window) else window.margins.symmetric


def _overhangs(window: Window) -> bool:
    return bool(window.vertical.overhang or window.horizontal.overhang)


def _sides(window: Window) -> Expression:
    """Left, right, top and bottom, as the padding modules order them, with what the last window hangs over."""
    margins = window.margins
    right, bottom = margins.right + window.horizontal.overhang, margins.bottom + window.vertical.overhang
    return Tuple(tuple(map(Literal, (margins.left, right, margins.top, bottom))))
