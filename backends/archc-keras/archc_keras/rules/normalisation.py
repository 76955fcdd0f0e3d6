"""Normalisation."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import Expression, List, Literal, Unless, call, number
from archc.ops.batch_norm import BatchNorm
from archc.ops.group_norm import GroupNorm
from archc.ops.instance_norm import InstanceNorm
from archc.ops.layer_norm import LayerNorm
from archc.ops.lrn import Lrn
from archc.ops.normalising import Normalising
from archc.ops.normalize import Normalize
from archc.ops.rms_norm import RmsNorm
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
    return {"": call("BatchNorm", momentum=op.momentum, epsilon=op.epsilon, **_affine(op))}


@rule(LayerNorm)
def layer_norm(op: LayerNorm, step: Step) -> Layers:
    kind = "ExampleNormalization" if op.over == "all" else "layers.LayerNormalization"
    return {"": call(kind, epsilon=_epsilon(op), **_affine(op))}


@rule(GroupNorm)
def group_norm(op: GroupNorm, step: Step) -> Layers:
    return {"": call("layers.GroupNormalization", groups=op.groups, epsilon=_epsilon(op), **_affine(op))}


@rule(InstanceNorm)
def instance_norm(op: InstanceNorm, step: Step) -> Layers:
    return {"": call("layers.GroupNormalization", groups=-1, epsilon=_epsilon(op), **_affine(op))}


@rule(RmsNorm)
def rms_norm(op: RmsNorm, step: Step) -> Layers:
    return {"": call("layers.RMSNormalization", epsilon=Unless(1e-6, op.epsilon))}


def _epsilon(op: Normalising) -> Unless:
    return Unless(1e-3, op.epsilon)


def _affine(op: Normalising) -> dict[str, Unless]:
    return {"center": Unless(True, op.bias), "scale": Unless(True, op.scale)}


@rule(Scale)
def scale(op: Scale, step: Step) -> Layers:
    return {"": call("Scale", initial=number(op.initial), bias=Unless(False, op.bias))}


@rule(Normalize)
def normalize(op: Normalize, step: Step) -> Layers:
    return {"": call("Normalize", mean=_listed(op.mean), std=_listed(op.std))}


def _listed(numbers: tuple[float, ...]) -> Expression:
    return List(tuple(Literal(number(each)) for each in numbers))
