"""Functions of each value by itself, and softmax."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import Expression, Literal, Name, Tuple, Unless, call, number
from archc.ops.elu import Elu
from archc.ops.gelu import Gelu
from archc.ops.hard_sigmoid import HardSigmoid
from archc.ops.hard_swish import HardSwish
from archc.ops.leaky_relu import LeakyRelu
from archc.ops.log_softmax import LogSoftmax
from archc.ops.mish import Mish
from archc.ops.prelu import Prelu
from archc.ops.relu import Relu
from archc.ops.selu import Selu
from archc.ops.sigmoid import Sigmoid
from archc.ops.silu import Silu
from archc.ops.softmax import Softmax
from archc.ops.softplus import Softplus
from archc.ops.tanh import Tanh
from archc_torch.rules.table import Modules, rule


@rule(Relu)
def relu(op: Relu, step: Step) -> Modules:
    if op.max is None:
        return (call("nn.ReLU"),)
    return (call("nn.ReLU6") if op.max == 6 else call("nn.Hardtanh", 0, number(op.max)),)


@rule(LeakyRelu)
def leaky_relu(op: LeakyRelu, step: Step) -> Modules:
    return (call("nn.LeakyReLU", number(op.slope)),)


@rule(Prelu)
def prelu(op: Prelu, step: Step) -> Modules:
    (x,) = step.inputs
    return (call("nn.PReLU", 1 if op.shared else x.channels, init=Unless(0.25, number(op.initial))),)


@rule(Elu)
def elu(op: Elu, step: Step) -> Modules:
    return (call("nn.ELU", alpha=Unless(1, number(op.alpha))),)


@rule(Gelu)
def gelu(op: Gelu, step: Step) -> Modules:
    return (call("nn.GELU", approximate=Unless("none", "tanh" if op.form == "tanh" else "none")),)


@rule(Tanh)
def tanh(op: Tanh, step: Step) -> Modules:
    return (call("nn.Tanh"),)


@rule(Sigmoid)
def sigmoid(op: Sigmoid, step: Step) -> Modules:
    return (call("nn.Sigmoid"),)


@rule(Silu)
def silu(op: Silu, step: Step) -> Modules:
    return (call("nn.SiLU"),)


@rule(HardSigmoid)
def hard_sigmoid(op: HardSigmoid, step: Step) -> Modules:
    return (call("nn.Hardsigmoid"),)


@rule(HardSwish)
def hard_swish(op: HardSwish, step: Step) -> Modules:
    return (call("nn.Hardswish"),)


@rule(Selu)
def selu(op: Selu, step: Step) -> Modules:
    return (call("nn.SELU"),)


@rule(Softplus)
def softplus(op: Softplus, step: Step) -> Modules:
    return (call("nn.Softplus"),)


@rule(Mish)
def mish(op: Mish, step: Step) -> Modules:
    return (call("nn.Mish"),)


@rule(Softmax)
def softmax(op: Softmax, step: Step) -> Modules | Expression:
    (x,) = step.inputs
    if op.over == "channels":
        return (call("nn.Softmax", dim=step.axis),)
    if not x.is_maps:
        return (call("nn.Softmax", dim=2 if step.axis == 1 else 1),)
    places = call("nn.functional.softmax", call("torch.flatten", Name(step.reads[0]), 2), dim=2)
    return call("torch.unflatten", places, 2, Tuple((Literal(x.height), Literal(x.width))))


@rule(LogSoftmax)
def log_softmax(op: LogSoftmax, step: Step) -> Modules:
    return (call("nn.LogSoftmax", dim=step.axis),)
