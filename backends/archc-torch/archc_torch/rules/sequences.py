"""Layers of sequences: attention, positions and class tokens, and one position of a sequence."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import Expression, Name, Unless, call
from archc.ops.attention import Attention
from archc.ops.class_token import ClassToken
from archc.ops.positions import Positions
from archc.ops.select import Select
from archc_torch.rules.table import Modules, rule


@rule(Attention)
def attention(op: Attention, step: Step) -> Modules:
    x, *memory = step.inputs
    channels = (x.channels, *(each.channels for each in memory))
    return (
        call(
            "CrossAttention" if memory else "Attention",
            *channels,
            op.heads,
            head_dim=Unless(None, op.head_dim),
            kv_heads=Unless(None, op.kv_heads),
            causal=Unless(False, op.causal),
            bias=Unless(True, op.bias),
        ),
    )


@rule(Positions)
def positions(op: Positions, step: Step) -> Modules:
    (x,) = step.inputs
    return (call("Positions" if op.kind == "learned" else "Sinusoids", x.length, x.channels),)


@rule(ClassToken)
def class_token(op: ClassToken, step: Step) -> Modules:
    (x,) = step.inputs
    return (call("ClassToken", x.channels, count=Unless(1, op.count)),)


@rule(Select)
def select(op: Select, step: Step) -> Expression:
    return call("torch.select", Name(*step.reads), 2 if step.axis == 1 else 1, op.position)
