"""Random layers of training."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import Literal, Tuple, call
from archc.ops.dropout import Dropout
from archc.ops.stochastic_depth import StochasticDepth
from archc_keras.rules.table import Layers, rule


@rule(Dropout)
def dropout(op: Dropout, step: Step) -> Layers:
    return {"": call("layers.Dropout", op.rate)}


@rule(StochasticDepth)
def stochastic_depth(op: StochasticDepth, step: Step) -> Layers:
    (x,) = step.inputs
    # One draw for each example, which all of its values share.
    examples = Tuple((Literal(None), *[Literal(1)] * len(x.shape)))
    return {"": call("layers.Dropout", op.rate, noise_shape=examples)}
