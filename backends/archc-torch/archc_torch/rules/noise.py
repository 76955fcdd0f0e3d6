"""Random layers of training."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import call
from archc.ops.dropout import Dropout
from archc.ops.stochastic_depth import StochasticDepth
from archc_torch.rules.table import Modules, rule


@rule(Dropout)
def dropout(op: Dropout, step: Step) -> Modules:
    return (call("nn.Dropout", op.rate),)


@rule(StochasticDepth)
def stochastic_depth(op: StochasticDepth, step: Step) -> Modules:
    return (call("StochasticDepth", op.rate),)
