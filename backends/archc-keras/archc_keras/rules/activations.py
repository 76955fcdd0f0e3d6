"""Functions of each value by itself, and softmax."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import call
from archc.ops.relu import Relu
from archc.ops.softmax import Softmax
from archc.ops.tanh import Tanh
from archc_keras.rules.table import Layers, rule


@rule(Relu)
def relu(op: Relu, step: Step) -> Layers:
    return {"": call("layers.ReLU")}


@rule(Tanh)
def tanh(op: Tanh, step: Step) -> Layers:
    return {"": call("layers.Activation", "tanh")}


@rule(Softmax)
def softmax(op: Softmax, step: Step) -> Layers:
    return {"": call("layers.Softmax")}
