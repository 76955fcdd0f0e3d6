"""Layers of sequences: attention, positions and class tokens, and one position of a sequence."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import List, Unless, call, number
from archc.ops.attention import Attention
from archc.ops.class_token import ClassToken
from archc.ops.positions import Positions
from archc.ops.select import Select
from archc_keras.initialisers import drawn
from archc_keras.rules.table import Layers, rule


@rule(Attention)
def attention(op: Attention, step: Step) -> Layers:
    return {
        "": call(
            "Attention",
            op.heads,
            head_dim=Unless(None, op.head_dim),
            kv_heads=Unless(None, op.kv_heads),
            causal=Unless(False, op.causal),
            use_bias=Unless(True, op.bias),
            kernel_initializers=List(tuple(drawn(op, step, weight) for weight in op.drawn(step.inputs))),
            bias_initializer=call("keras.initializers.Constant", number(op.bias_init)),
        )
    }


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
