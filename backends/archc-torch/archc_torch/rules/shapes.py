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
from archc_torch.rules.padding import margins
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
    around = margins(op.padding)
    if op.mode != "constant":
        return (call("nn.ReflectionPad2d" if op.mode == "reflect" else "nn.ReplicationPad2d", around),)
    return (call("nn.ConstantPad2d", around, number(op.value)) if op.value else call("nn.ZeroPad2d", around),)


@rule(Crop)
def crop(op: Crop, step: Step) -> Modules:
    # PyTorch has no module that crops; padding of less than nothing does.
    return (call("nn.ZeroPad2d", margins(Margins(*(-side for side in op.cut)))),)
