"""Values in another shape or order."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import call
from archc.ops.flatten import Flatten
from archc_torch.rules.table import Modules, rule


@rule(Flatten)
def flatten(op: Flatten, step: Step) -> Modules:
    return (call("nn.Flatten"),)
