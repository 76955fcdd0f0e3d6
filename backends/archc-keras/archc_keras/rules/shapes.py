"""Values in another shape or order."""

from __future__ import annotations

from collections.abc import Iterable

from archc.emit.plan import Step
from archc.emit.syntax import Call, Literal, Tuple, Unless, call, number, pair
from archc.ops.channel_shuffle import ChannelShuffle
from archc.ops.crop import Crop
from archc.ops.flatten import Flatten
from archc.ops.pad import Pad
from archc.ops.permute import Permute
from archc.ops.reshape import Reshape
from archc.ops.slice import Slice
from archc.ops.space_to_depth import SpaceToDepth
from archc.ops.upsample import Upsample
from archc.tensor import Tensor
from archc_keras.initialisers import untyped
from archc_keras.rules.padding import around_axes, columns, margins
from archc_keras.rules.table import Layers, rule


@rule(Flatten)
def flatten(op: Flatten, step: Step) -> Layers:
    (x,) = step.inputs
    if x.channels == 1 or x.places == 1:
        return {"": call("layers.Flatten")}
    # A spec flattens map by map; Keras stores the maps of a position side by side.
    last = len(x.shape)
    channels_first = Tuple(tuple(map(Literal, (last, *range(1, last)))))
    return {"_order": call("layers.Permute", channels_first), "": call("layers.Flatten")}


@rule(Upsample)
def upsample(op: Upsample, step: Step) -> Layers:
    (x,) = step.inputs
    if op.factor and op.mode == "nearest":
        factor = Literal(op.factor) if isinstance(op.factor, int) else pair(op.factor)
        return {"": call(f"layers.UpSampling{len(x.shape) - 1}D", factor)}
    # Keras' own bilinear interpolation computes in float32, and has no aligned corners.
    return {"": call("Upsample", Tuple(tuple(map(Literal, op.output(x)))), corners=Unless(None, op.corners))}


@rule(Slice)
def slice_(op: Slice, step: Step) -> Layers:
    kept = op.range_of(*step.inputs)
    return {"": call("Slice", kept.start, kept.stop)}


@rule(ChannelShuffle)
def channel_shuffle(op: ChannelShuffle, step: Step) -> Layers:
    (x,) = step.inputs
    *places, maps = _last(x.shape)
    order = (*range(1, len(places) + 1), len(places) + 2, len(places) + 1)
    grouped = _sizes("layers.Reshape", (*places, op.groups, maps // op.groups))
    return {"_groups": grouped, "_order": _sizes("layers.Permute", order), "": _sizes("layers.Reshape", _last(x.shape))}


@rule(SpaceToDepth)
def space_to_depth(op: SpaceToDepth, step: Step) -> Layers:
    (x,), output, factor = step.inputs, step.node.output, op.factor
    blocks = _sizes("layers.Reshape", (output.height, factor, output.width, factor, x.channels))
    # A spec has all positions of a map side by side.
    order = _sizes("layers.Permute", (1, 3, 5, 2, 4))
    return {"_blocks": blocks, "_order": order, "": _sizes("layers.Reshape", _last(output.shape))}


@rule(Reshape)
def reshape(op: Reshape, step: Step) -> Layers:
    (x,), output = step.inputs, step.node.output
    layers: Layers = {}
    # The order of a spec is map by map, that of Keras position by position.
    if _is_ordered(x):
        layers["_first"] = _sizes("layers.Permute", (len(x.shape), *range(1, len(x.shape))))
    if not _is_ordered(output):
        return {**layers, "": _sizes("layers.Reshape", _last(output.shape))}
    layers["_shape"] = _sizes("layers.Reshape", output.shape)
    return {**layers, "": _sizes("layers.Permute", (*range(2, len(output.shape) + 1), 1))}


@rule(Permute)
def permute(op: Permute, step: Step) -> Layers:
    # The axes of a spec in Keras' order, counted from 1.
    places = {axis: place for place, axis in enumerate(_last(range(len(op.axes))), 1)}
    return {"": _sizes("layers.Permute", (places[axis] for axis in _last(op.axes)))}


@rule(Pad)
def pad(op: Pad, step: Step) -> Layers:
    (x,) = step.inputs
    around = op.padding.around(x)
    if op.mode == "constant" and not op.value:
        padding = untyped(padding=columns(around)) if x.is_sequence else margins(around)
        return {"": call(f"layers.ZeroPadding{len(x.shape) - 1}D", padding)}
    value = Unless(0, number(op.value))
    return {"": call("Padding", around_axes(around, x), mode=Unless("constant", op.mode), value=value)}


@rule(Crop)
def crop(op: Crop, step: Step) -> Layers:
    (x,) = step.inputs
    cut = op.cut.around(x)
    return {"": call(f"layers.Cropping{len(x.shape) - 1}D", columns(cut) if x.is_sequence else margins(cut))}


def _last(shape: Iterable[int]) -> tuple[int, ...]:
    """A shape with the channels last."""
    channels, *others = shape
    return (*others, channels)


def _sizes(layer: str, sizes: Iterable[int]) -> Call:
    return call(layer, Tuple(tuple(map(Literal, sizes))))


def _is_ordered(x: Tensor) -> bool:
    """Whether the order of its values differs with the channels last."""
    return x.channels > 1 and x.size > x.channels
