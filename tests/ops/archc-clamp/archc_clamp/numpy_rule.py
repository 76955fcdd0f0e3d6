"""How `clamp` is written in NumPy."""

from __future__ import annotations

from archc_numpy.rules import rule

from archc.emit.plan import Step
from archc.emit.syntax import Expression, Name, call, number
from archc_clamp import Clamp


@rule(Clamp)
def clamp(op: Clamp, step: Step) -> Expression:
    (x,) = step.reads
    return call("numpy.clip", Name(x), number(-op.limit), number(op.limit))
