"""Normalisation."""

from __future__ import annotations

from decimal import Decimal

from archc.emit.plan import Step
from archc.emit.syntax import Call, Expression, List, Literal, Unless, call, number
from archc.ops.batch_norm import BatchNorm
from archc.ops.group_norm import GroupNorm
from archc.ops.instance_norm import InstanceNorm
from archc.ops.layer_norm import LayerNorm
from archc.ops.lrn import Lrn
from archc.ops.normalising import Normalising
from archc.ops.normalize import Normalize
from archc.ops.rms_norm import RmsNorm
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
    norm = call(
        "SharedBatchNorm" if step.divided == 0 else "nn.BatchNorm2d" if x.is_maps else "nn.BatchNorm1d",
        x.channels,
        eps=_epsilon(op),
        momentum=Unless(0.1, momentum),
        affine=Unless(True, op.scale or op.bias),
        bias=_bias(op),
    )
    return _without_scale(op, norm)


@rule(LayerNorm)
def layer_norm(op: LayerNorm, step: Step) -> Modules:
    (x,) = step.inputs
    norm = call(
        "LayerNorm2d" if x.is_maps and op.over == "channels" else "nn.LayerNorm",
        x.channels if op.over == "channels" else List(tuple(map(Literal, x.shape))),
        eps=_epsilon(op),
        elementwise_affine=Unless(True, op.scale or op.bias),
        bias=_bias(op),
    )
    return _without_scale(op, norm)


@rule(GroupNorm)
def group_norm(op: GroupNorm, step: Step) -> Modules:
    (x,) = step.inputs
    affine = Unless(True, op.scale or op.bias)
    norm = call("nn.GroupNorm", op.groups, x.channels, eps=_epsilon(op), affine=affine, bias=_bias(op))
    return _without_scale(op, norm)


@rule(InstanceNorm)
def instance_norm(op: InstanceNorm, step: Step) -> Modules:
    (x,) = step.inputs
    kind = "nn.InstanceNorm2d" if x.is_maps else "nn.InstanceNorm1d"
    affine = Unless(False, op.scale or op.bias)
    return _without_scale(op, call(kind, x.channels, eps=_epsilon(op), affine=affine, bias=_bias(op)))


@rule(RmsNorm)
def rms_norm(op: RmsNorm, step: Step) -> Modules:
    (x,) = step.inputs
    return (call("RMSNorm2d" if x.is_maps else "nn.RMSNorm", x.channels, eps=number(op.epsilon)),)


def _epsilon(op: Normalising) -> Unless:
    return Unless(1e-5, number(op.epsilon))


def _bias(op: Normalising) -> Unless:
    """PyTorch's own word for no bias, which a normalisation with neither a weight nor a bias does not need."""
    return Unless(True, op.bias or not op.scale)


def _without_scale(op: Normalising, norm: Call) -> Modules:
    """The module, which in PyTorch has no bias without a weight."""
    return (norm,) if op.scale or not op.bias else (call("unscaled", norm),)


@rule(Scale)
def scale(op: Scale, step: Step) -> Modules:
    (x,) = step.inputs
    return (call("Scale", x.channels, initial=number(op.initial), bias=Unless(False, op.bias)),)


@rule(Normalize)
def normalize(op: Normalize, step: Step) -> Modules:
    return (call("Normalize", mean=_listed(op.mean), std=_listed(op.std)),)


def _listed(numbers: tuple[float, ...]) -> Expression:
    return List(tuple(Literal(number(each)) for each in numbers))
