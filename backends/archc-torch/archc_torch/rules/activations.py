"""Functions of each value by itself, and softmax."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import call
from archc.ops.relu import Relu
from archc.ops.softmax import Softmax
from archc.ops.tanh import Tanh
from archc_torch.rules.table import Modules, rule


@rule(Relu, order="any")
def relu(op: Relu, step: Step) -> Modules:
    return (call("nn.ReLU"),)


@rule(Tanh, order="any")
def tanh(op: Tanh, step: Step) -> Modules:
    return (call("nn.Tanh"),)


@rule(Softmax, order="any")
def softmax(op: Softmax, step: Step) -> Modules:
    return (call("nn.Softmax", dim=step.axis),)
