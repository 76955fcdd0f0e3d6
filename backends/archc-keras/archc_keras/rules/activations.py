"""Functions of each value by itself, and softmax."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import List, Literal, Name, Unless, call, number
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
from archc_keras.initialisers import untyped
from archc_keras.rules.table import Layers, rule


@rule(Relu)
def relu(op: Relu, step: Step) -> Layers:
    return {"": call("layers.ReLU", max_value=Unless(None, None if op.max is None else number(op.max)))}


@rule(LeakyRelu)
def leaky_relu(op: LeakyRelu, step: Step) -> Layers:
    return {"": call("LeakyReLU", negative_slope=number(op.slope))}


@rule(Prelu)
def prelu(op: Prelu, step: Step) -> Layers:
    (x,) = step.inputs
    # Keras has a slope for each position too, unless the axes are shared; the last one has the maps.
    shared = List(tuple(map(Literal, range(1, len(x.shape) + op.shared))))
    initial = call("keras.initializers.Constant", number(op.initial))
    return {"": call("layers.PReLU", untyped(alpha_initializer=initial), shared_axes=shared)}


@rule(Elu)
def elu(op: Elu, step: Step) -> Layers:
    return {"": call("layers.ELU", alpha=Unless(1, number(op.alpha)))}


@rule(Gelu)
def gelu(op: Gelu, step: Step) -> Layers:
    return {"": call("layers.Activation", Name("gelu_tanh" if op.form == "tanh" else "exact_gelu"))}


@rule(Tanh)
def tanh(op: Tanh, step: Step) -> Layers:
    return {"": call("layers.Activation", "tanh")}


@rule(Sigmoid)
def sigmoid(op: Sigmoid, step: Step) -> Layers:
    return {"": call("layers.Activation", "sigmoid")}


@rule(Silu)
def silu(op: Silu, step: Step) -> Layers:
    return {"": call("layers.Activation", "silu")}


@rule(HardSigmoid)
def hard_sigmoid(op: HardSigmoid, step: Step) -> Layers:
    return {"": call("layers.Activation", "hard_sigmoid")}


@rule(HardSwish)
def hard_swish(op: HardSwish, step: Step) -> Layers:
    return {"": call("layers.Activation", "hard_silu")}


@rule(Selu)
def selu(op: Selu, step: Step) -> Layers:
    return {"": call("layers.Activation", "selu")}


@rule(Softplus)
def softplus(op: Softplus, step: Step) -> Layers:
    return {"": call("layers.Activation", "softplus")}


@rule(Mish)
def mish(op: Mish, step: Step) -> Layers:
    return {"": call("layers.Activation", "mish")}


@rule(Softmax)
def softmax(op: Softmax, step: Step) -> Layers:
    (x,) = step.inputs
    if op.over != "channels" and len(x.shape) > 2:
        return {"": call("layers.Softmax", untyped(axis=List((Literal(1), Literal(2)))))}
    return {"": call("layers.Softmax", axis=Unless(-1, -1 if op.over == "channels" else 1))}


@rule(LogSoftmax)
def log_softmax(op: LogSoftmax, step: Step) -> Layers:
    return {"": call("layers.Activation", "log_softmax")}
