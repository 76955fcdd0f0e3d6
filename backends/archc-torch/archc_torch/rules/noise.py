"""Random layers of training."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import Unless, call
from archc.ops.dropout import Dropout
from archc.ops.stochastic_depth import StochasticDepth
from archc_torch.rules.table import Modules, rule


@rule(Dropout)
def dropout(op: Dropout, step: Step) -> Modules:
    if step.divided is not None:
        return (call("SharedDropout", op.rate, dim=Unless(1, step.divided)),)
    return (call("nn.Dropout", op.rate),)


@rule(StochasticDepth)
def stochastic_depth(op: StochasticDepth, step: Step) -> Modules:
    return (call("SharedStochasticDepth" if step.divided == 0 else "StochasticDepth", op.rate),)
