"""How `clamp` is written in Keras, which has it for one limit."""

from __future__ import annotations

from archc_keras.rules import RULES, Layers, rule

from archc.emit.plan import Step
from archc.emit.syntax import call
from archc_clamp import Clamp


@rule(Clamp)
def clamp(op: Clamp, step: Step) -> Layers:
    if op.limit != 1:
        raise RULES.unsupported(step, f"a limit of {op.limit:g}")
    return {"": call("layers.Activation", "hard_tanh")}
