"""Recurrent layers."""

from __future__ import annotations

from dataclasses import replace

from archc.emit.plan import Step
from archc.emit.syntax import Argument, Call, Unless, call, number
from archc.ops.gru import Gru
from archc.ops.lstm import Lstm
from archc.ops.recurrent import Recurrent
from archc_keras.initialisers import drawn, untyped
from archc_keras.rules.table import Fields, Layers, rule


@rule(Lstm)
def lstm(op: Lstm, step: Step) -> Layers:
    # Keras begins the forget gate's biases at 1.
    start = call("GateBias", forget=number(op.forget_bias), others=number(op.bias_init))
    plain = call("keras.initializers.Constant", number(op.bias_init))
    is_usual = op.forget_bias == 1 or not op.bias
    return {
        "": _both_ways(
            op, step, "layers.LSTM", plain if is_usual else start, {"unit_forget_bias": Unless(True, is_usual)}
        )
    }


@rule(Gru)
def gru(op: Gru, step: Step) -> Layers:
    return {"": _both_ways(op, step, "layers.GRU", call("keras.initializers.Constant", number(op.bias_init)), {})}


def _both_ways(op: Recurrent, step: Step, kind: str, bias: Call, more: Fields) -> Call:
    own, state, *_ = op.drawn(step.inputs)
    fields: Fields = {
        "return_sequences": Unless(False, op.gives == "sequence"),
        "use_bias": Unless(True, op.bias),
        **more,
    }
    start = untyped(
        kernel_initializer=drawn(op, step, own),
        recurrent_initializer=drawn(op, step, state),
        bias_initializer=Unless(call("keras.initializers.Constant", 0), bias),
    )
    layer = call(kind, op.units, **fields)
    layer = replace(layer, arguments=(*layer.arguments, Argument(start)))
    return call("layers.Bidirectional", layer) if op.bidirectional else layer
