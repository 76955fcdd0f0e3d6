"""Values in another shape or order."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import Literal, Tuple, Unless, call, pair
from archc.ops.flatten import Flatten
from archc.ops.upsample import Upsample
from archc_torch.rules.table import Modules, rule


@rule(Flatten)
def flatten(op: Flatten, step: Step) -> Modules:
    return (call("nn.Flatten"),)


@rule(Upsample)
def upsample(op: Upsample, step: Step) -> Modules:
    height, width = op.output(*step.inputs)
    sized = {"scale_factor": pair(op.factor)} if op.factor else {"size": Tuple((Literal(height), Literal(width)))}
    # PyTorch warns of corners where it does not use them.
    corners = Unless(None, op.corners == "aligned" if op.corners else None)
    return (call("nn.Upsample", **sized, mode=op.mode, align_corners=corners),)
