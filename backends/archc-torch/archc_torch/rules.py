"""How each op is written in PyTorch: one rule per op.

A rule returns one module, or two of which the first pads, in a tuple or, for an op that needs no module, an expression
of its inputs.
"""

from __future__ import annotations

from decimal import Decimal

from archc.emit.plan import Step
from archc.emit.rules import Rules
from archc.emit.syntax import Call, Expression, Fixed, Literal, Name, Sum, Tuple, call, number, pair
from archc.ops.add import Add
from archc.ops.batch_norm import BatchNorm
from archc.ops.concat import Concat
from archc.ops.conv2d import Conv2d
from archc.ops.dense import Dense
from archc.ops.dropout import Dropout
from archc.ops.fields import ONE
from archc.ops.flatten import Flatten
from archc.ops.lrn import Lrn
from archc.ops.max_pool2d import MaxPool2d
from archc.ops.relu import Relu
from archc.ops.softmax import Softmax
from archc.ops.tanh import Tanh
from archc.ops.window import Window

Modules = tuple[Call, ...]
"""One module, or two that are applied one after the other."""

RULES = Rules[Modules | Expression]("torch", "PyTorch")
rule = RULES.register


@rule(Conv2d)
def conv2d(op: Conv2d, step: Step) -> Modules:
    window = op.window(step.inputs)
    padding = op.plain_padding(window)
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


@rule(MaxPool2d)
def max_pool2d(op: MaxPool2d, step: Step) -> Modules:
    window = op.window(step.inputs)
    fields: dict[str, Expression | int | bool] = {"stride": pair(op.stride)}
    padding = op.plain_padding(window)
    if padding is None:
        # A maximum must not pick the padding: zeros would win over negative values.
        pad = call("nn.ConstantPad2d", _sides(window), Fixed('float("-inf")'))
        return pad, call("nn.MaxPool2d", pair(op.kernel), **fields)
    if any(padding):
        fields["padding"] = pair(padding)
    # PyTorch's ceil_mode follows the same rule: no window starts beyond the input.
    if window.overhangs:
        fields["ceil_mode"] = True
    return (call("nn.MaxPool2d", pair(op.kernel), **fields),)


@rule(Lrn)
def lrn(op: Lrn, step: Step) -> Modules:
    op = op.clamped(*step.inputs)
    fields = {"alpha": number(op.alpha), "beta": number(op.beta), "k": number(op.k)}
    if op.scope == "spatial":
        return (call("SpatialLRN", op.size, **fields),)
    if op.groups > 1:
        fields["groups"] = op.groups
    return (call("LRN", op.size, **fields),)


@rule(BatchNorm)
def batch_norm(op: BatchNorm, step: Step) -> Modules:
    fields: dict[str, float] = {}
    # An expert leaves out what equals the framework's default.
    if op.epsilon != 1e-5:
        fields["eps"] = op.epsilon
    # PyTorch's momentum is the share of the new value. Subtracted in decimal, so that 0.9 gives 0.1.
    momentum = float(1 - Decimal(str(op.momentum)))
    if momentum != 0.1:
        fields["momentum"] = number(momentum)
    (x,) = step.inputs
    return (call("nn.BatchNorm2d" if x.is_maps else "nn.BatchNorm1d", x.channels, **fields),)


@rule(Relu)
def relu(op: Relu, step: Step) -> Modules:
    return (call("nn.ReLU"),)


@rule(Tanh)
def tanh(op: Tanh, step: Step) -> Modules:
    return (call("nn.Tanh"),)


@rule(Flatten)
def flatten(op: Flatten, step: Step) -> Modules:
    return (call("nn.Flatten"),)


@rule(Dense)
def dense(op: Dense, step: Step) -> Modules:
    (x,) = step.inputs
    return (call("nn.Linear", x.size, op.units, **({} if op.bias else {"bias": False})),)


@rule(Dropout)
def dropout(op: Dropout, step: Step) -> Modules:
    return (call("nn.Dropout", op.rate),)


@rule(Softmax)
def softmax(op: Softmax, step: Step) -> Modules:
    return (call("nn.Softmax", dim=1),)


@rule(Add)
def add(op: Add, step: Step) -> Expression:
    return Sum(tuple(map(Name, step.reads)))


@rule(Concat)
def concat(op: Concat, step: Step) -> Expression:
    return call("torch.cat", Tuple(tuple(map(Name, step.reads))), dim=1)


def _sides(window: Window) -> Expression:
    """Everything around the map, in the order of the padding modules: left, right, top, bottom."""
    around = window.around
    return Tuple(tuple(map(Literal, (around.left, around.right, around.top, around.bottom))))
