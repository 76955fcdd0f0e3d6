"""Normalisation."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import Expression, List, Literal, Unless, call, number
from archc.ops.batch_norm import BatchNorm
from archc.ops.lrn import Lrn
from archc.ops.normalize import Normalize
from archc.ops.scale import Scale
from archc_keras.rules.table import Layers, rule


@rule(Lrn)
def lrn(op: Lrn, step: Step) -> Layers:
    op = op.clamped(*step.inputs)
    fields = {"alpha": number(op.alpha), "beta": number(op.beta), "k": number(op.k)}
    if op.scope == "spatial":
        return {"": call("SpatialResponseNorm", op.size, **fields)}
    return {"": call("LocalResponseNorm", op.size, **fields, groups=op.groups)}


@rule(BatchNorm)
def batch_norm(op: BatchNorm, step: Step) -> Layers:
    return {"": call("BatchNorm", momentum=op.momentum, epsilon=op.epsilon)}


@rule(Scale)
def scale(op: Scale, step: Step) -> Layers:
    return {"": call("Scale", initial=number(op.initial), bias=Unless(False, op.bias))}


@rule(Normalize)
def normalize(op: Normalize, step: Step) -> Layers:
    return {"": call("Normalize", mean=_listed(op.mean), std=_listed(op.std))}


def _listed(numbers: tuple[float, ...]) -> Expression:
    return List(tuple(Literal(number(each)) for each in numbers))
