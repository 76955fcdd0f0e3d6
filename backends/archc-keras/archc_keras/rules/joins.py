"""Layers of several inputs."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import call
from archc.ops.add import Add
from archc.ops.concat import Concat
from archc_keras.rules.table import Layers, rule


@rule(Add)
def add(op: Add, step: Step) -> Layers:
    return {"": call("layers.Add")}


@rule(Concat)
def concat(op: Concat, step: Step) -> Layers:
    return {"": call("layers.Concatenate")}
