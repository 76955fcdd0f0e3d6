"""Convolutions and dense layers."""

from __future__ import annotations

from dataclasses import replace

from archc.emit.plan import Step
from archc.emit.syntax import Argument, Call, Literal, Unless, Unpacked, call, number, pair
from archc.ops.conv2d import Conv2d
from archc.ops.dense import Dense
from archc.ops.fields import ONE
from archc.ops.weighted import Weighted
from archc_keras.rules.padding import padding_of
from archc_keras.rules.table import RULES, Fields, Layers, rule


@rule(Conv2d)
def conv2d(op: Conv2d, step: Step) -> Layers:
    if ONE not in (op.dilation, op.stride):
        raise RULES.unsupported(step, "a stride and a dilation at once")
    pad, padding = padding_of(op.window(step.inputs), "layers.ZeroPadding2D")
    fields: Fields = {
        "strides": Unless(1, pair(op.stride)),
        **padding,
        "dilation_rate": Unless(1, pair(op.dilation)),
        "groups": Unless(1, op.groups),
    }
    # Keras' own grouped convolution is several times slower on a CPU.
    kind = "GroupedConv2D" if op.groups > 1 else "layers.Conv2D"
    return {**pad, "": _weighted(op, call(kind, op.filters, pair(op.kernel), **fields))}


@rule(Dense)
def dense(op: Dense, step: Step) -> Layers:
    return {"": _weighted(op, call("layers.Dense", op.units))}


def _weighted(op: Weighted, layer: Call) -> Call:
    """The layer with the initialisation of its weights and bias; the bias is 0 by default."""
    init = op.weight_init
    drawn = call("normal", init.normal.std) if init.normal is not None else call("he_normal")
    start = number(op.bias_init) if op.bias else 0
    bias = (Argument(Literal(start), "bias", default=Literal(0)),)
    use = Argument(Literal(op.bias), "use_bias", default=Literal(True))
    unpacked = Argument(Unpacked(replace(drawn, arguments=(*drawn.arguments, *bias))))
    return replace(layer, arguments=(*layer.arguments, use, unpacked))
