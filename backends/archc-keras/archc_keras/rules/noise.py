"""Random layers of training."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import call
from archc.ops.dropout import Dropout
from archc_keras.rules.table import Layers, rule


@rule(Dropout)
def dropout(op: Dropout, step: Step) -> Layers:
    return {"": call("layers.Dropout", op.rate)}
