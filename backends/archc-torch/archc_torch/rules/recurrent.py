"""Recurrent layers."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import Call, Unless, call, number
from archc.ops.gru import Gru
from archc.ops.lstm import Lstm
from archc.ops.recurrent import Recurrent
from archc_torch.rules.table import Modules, rule


@rule(Lstm)
def lstm(op: Lstm, step: Step) -> Modules:
    return (_recurrent("LSTM", op, step, forget_bias=Unless(1, number(op.forget_bias))),)


@rule(Gru)
def gru(op: Gru, step: Step) -> Modules:
    return (_recurrent("GRU", op, step),)


def _recurrent(kind: str, op: Recurrent, step: Step, **own: Unless) -> Call:
    (x,) = step.inputs
    return call(
        kind,
        x.channels,
        op.units,
        gives=op.gives,
        bidirectional=Unless(False, op.bidirectional),
        bias=Unless(True, op.bias),
        bias_init=Unless(0, number(op.bias_init)),
        **own,
    )
