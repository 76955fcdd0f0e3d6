"""Layers of sequences: positions and class tokens, and one position of a sequence."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import Unless, call
from archc.ops.class_token import ClassToken
from archc.ops.positions import Positions
from archc.ops.select import Select
from archc_keras.initialisers import drawn
from archc_keras.rules.table import Layers, rule


@rule(Positions)
def positions(op: Positions, step: Step) -> Layers:
    if op.kind == "sinusoidal":
        return {"": call("Sinusoids")}
    return {"": call("Positions", drawn(op, step))}


@rule(ClassToken)
def class_token(op: ClassToken, step: Step) -> Layers:
    return {"": call("ClassToken", drawn(op, step), count=Unless(1, op.count))}


@rule(Select)
def select(op: Select, step: Step) -> Layers:
    return {"": call("Select", op.position)}
