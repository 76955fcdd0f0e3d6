"""Values in another shape or order."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import Expression, Literal, Name, Tuple, Unless, call, number, pair
from archc.ops.channel_shuffle import ChannelShuffle
from archc.ops.crop import Crop
from archc.ops.fields import Margins
from archc.ops.flatten import Flatten
from archc.ops.pad import Pad
from archc.ops.permute import Permute
from archc.ops.reshape import Reshape
from archc.ops.slice import Slice
from archc.ops.space_to_depth import SpaceToDepth
from archc.ops.upsample import Upsample
from archc_torch.rules.padding import columns, margins
from archc_torch.rules.table import Modules, rule


@rule(Flatten)
def flatten(op: Flatten, step: Step) -> Modules:
    return (call("nn.Flatten"),)


@rule(Upsample)
def upsample(op: Upsample, step: Step) -> Modules:
    (x,) = step.inputs
    if op.factor is None:
        size = op.output(x)
        sized = {"size": Literal(*size) if x.is_sequence else Tuple(tuple(map(Literal, size)))}
    else:
        sized = {"scale_factor": Literal(op.factor) if isinstance(op.factor, int) else pair(op.factor)}
    # PyTorch warns of corners where it does not use them.
    corners = Unless(None, op.corners == "aligned" if op.corners else None)
    return (call("nn.Upsample", **sized, mode=op.mode, align_corners=corners),)


@rule(Slice)
def slice_(op: Slice, step: Step) -> Expression:
    kept = op.range_of(*step.inputs)
    return call("torch.narrow", Name(*step.reads), 1, kept.start, len(kept))


@rule(ChannelShuffle)
def channel_shuffle(op: ChannelShuffle, step: Step) -> Modules:
    return (call("nn.ChannelShuffle", op.groups),)


@rule(SpaceToDepth)
def space_to_depth(op: SpaceToDepth, step: Step) -> Modules:
    return (call("nn.PixelUnshuffle", op.factor),)


@rule(Reshape)
def reshape(op: Reshape, step: Step) -> Expression:
    return call("torch.reshape", Name(*step.reads), Tuple(tuple(map(Literal, (-1, *step.node.output.shape)))))


@rule(Permute)
def permute(op: Permute, step: Step) -> Expression:
    return call("torch.permute", Name(*step.reads), Tuple(tuple(map(Literal, (0, *(axis + 1 for axis in op.axes))))))


@rule(Pad)
def pad(op: Pad, step: Step) -> Modules:
    (x,) = step.inputs
    around, rank = op.padding.around(x), len(x.shape) - 1
    added = columns(around) if x.is_sequence else margins(around)
    if op.mode != "constant":
        return (call(f"nn.{'Reflection' if op.mode == 'reflect' else 'Replication'}Pad{rank}d", added),)
    if op.value:
        return (call(f"nn.ConstantPad{rank}d", added, number(op.value)),)
    return (call(f"nn.ZeroPad{rank}d", added),)


@rule(Crop)
def crop(op: Crop, step: Step) -> Modules:
    # PyTorch has no module that crops; padding of less than nothing does.
    (x,) = step.inputs
    less = Margins(*(-side for side in op.cut.around(x)))
    return (call("nn.ZeroPad1d", columns(less)) if x.is_sequence else call("nn.ZeroPad2d", margins(less)),)
