"""How `clamp` is written in PyTorch."""

from __future__ import annotations

from archc_torch.rules import Modules, rule

from archc.emit.plan import Step
from archc.emit.syntax import call, number
from archc_clamp import Clamp


@rule(Clamp)
def clamp(op: Clamp, step: Step) -> Modules:
    return (call("nn.Hardtanh", number(-op.limit), number(op.limit)),)
