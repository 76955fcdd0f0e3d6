"""Layers of several inputs."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import Expression, Name, Sum, Tuple, call
from archc.ops.add import Add
from archc.ops.concat import Concat
from archc_torch.rules.table import rule


@rule(Add, order="any")
def add(op: Add, step: Step) -> Expression:
    return Sum(tuple(map(Name, step.reads)))


@rule(Concat, order="any")
def concat(op: Concat, step: Step) -> Expression:
    return call("torch.cat", Tuple(tuple(map(Name, step.reads))), dim=step.axis)
