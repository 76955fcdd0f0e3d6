"""Normalisation."""

from __future__ import annotations

from decimal import Decimal

from archc.emit.plan import Step
from archc.emit.syntax import Expression, List, Literal, Unless, call, number
from archc.ops.batch_norm import BatchNorm
from archc.ops.lrn import Lrn
from archc.ops.normalize import Normalize
from archc.ops.scale import Scale
from archc_torch.rules.table import Modules, rule


@rule(Lrn)
def lrn(op: Lrn, step: Step) -> Modules:
    op = op.clamped(*step.inputs)
    fields = {"alpha": number(op.alpha), "beta": number(op.beta), "k": number(op.k)}
    if op.scope == "spatial":
        return (call("SpatialLRN", op.size, **fields),)
    return (call("LRN", op.size, **fields, groups=Unless(1, op.groups)),)


@rule(BatchNorm)
def batch_norm(op: BatchNorm, step: Step) -> Modules:
    # PyTorch's momentum is the share of the new value. Subtracted in decimal, so that 0.9 gives 0.1.
    momentum = number(float(1 - Decimal(str(op.momentum))))
    (x,) = step.inputs
    return (
        call(
            "nn.BatchNorm2d" if x.is_maps else "nn.BatchNorm1d",
            x.channels,
            eps=Unless(1e-5, op.epsilon),
            momentum=Unless(0.1, momentum),
        ),
    )


@rule(Scale)
def scale(op: Scale, step: Step) -> Modules:
    (x,) = step.inputs
    return (call("Scale", x.channels, initial=number(op.initial), bias=Unless(False, op.bias)),)


@rule(Normalize)
def normalize(op: Normalize, step: Step) -> Modules:
    return (call("Normalize", mean=_listed(op.mean), std=_listed(op.std)),)


def _listed(numbers: tuple[float, ...]) -> Expression:
    return List(tuple(Literal(number(each)) for each in numbers))
