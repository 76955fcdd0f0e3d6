"""Layers of several inputs."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import call
from archc.ops.add import Add
from archc.ops.concat import Concat
from archc.ops.maximum import Maximum
from archc.ops.multiply import Multiply
from archc.ops.subtract import Subtract
from archc_keras.rules.table import Layers, rule


@rule(Add)
def add(op: Add, step: Step) -> Layers:
    return {"": call("layers.Add")}


@rule(Concat)
def concat(op: Concat, step: Step) -> Layers:
    return {"": call("layers.Concatenate")}


@rule(Subtract)
def subtract(op: Subtract, step: Step) -> Layers:
    return {"": call("layers.Subtract")}


@rule(Multiply)
def multiply(op: Multiply, step: Step) -> Layers:
    return {"": call("layers.Multiply")}


@rule(Maximum)
def maximum(op: Maximum, step: Step) -> Layers:
    return {"": call("layers.Maximum")}
