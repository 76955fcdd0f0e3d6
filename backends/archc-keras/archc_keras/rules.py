"""How each op is written in Keras, channels last: one function an op, called like the op.

A rule returns the layers that compute the op one after the other, by what is added to the op's name: "" for the op
itself, the last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from archc.backend import Unsupported
from archc.emit.plan import Step
from archc.emit.syntax import Argument, Call, Expression, Literal, Tuple, Unpacked, call, number, pair
from archc.ops.batch_norm import BatchNorm
from archc.ops.conv2d import Conv2d
from archc.ops.dense import Dense
from archc.ops.dropout import Dropout
from archc.ops.fields import ONE, Margins
from archc.ops.lrn import Lrn
from archc.ops.max_pool2d import MaxPool2d
from archc.ops.op import Op
from archc.ops.weighted import Weighted
from archc.ops.window import Axis, Window, slide

Layers = dict[str, Call]
Rule = Callable[[Any, Step], Layers]
Fields = dict[str, Expression | str | float]

RULES: dict[str, Rule] = {}


def rule(emit: Rule) -> Rule:
    """Register a rule for the op of its name."""
    RULES[emit.__name__] = emit
    return emit


@rule
def conv2d(op: Conv2d, step: Step) -> Layers:
    fields: Fields = {}
    if op.stride != ONE:
        fields["strides"] = pair(op.stride)
    pad, padding = _padding(op.window(step.inputs), "layers.ZeroPadding2D")
    fields |= padding
    if op.dilation != ONE:
        if op.stride != ONE:
            raise Unsupported(step.node.name, f"Keras cannot compute {step.node.name}: a stride and a dilation at once")
        fields["dilation_rate"] = pair(op.dilation)
    if op.groups > 1:
        fields["groups"] = op.groups
    kind = "GroupedConv2D" if op.groups > 1 else "layers.Conv2D"
    return {**pad, "": _weighted(op, call(kind, op.filters, pair(op.kernel), **fields))}


@rule
def max_pool2d(op: MaxPool2d, step: Step) -> Layers:
    pad, padding = _padding(op.window(step.inputs), "LowestPadding2D")
    return {**pad, "": call("layers.MaxPooling2D", pair(op.kernel), strides=pair(op.stride), **padding)}


@rule
def lrn(op: Lrn, step: Step) -> Layers:
    fields = {"alpha": number(op.alpha), "beta": number(op.beta), "k": number(op.k)}
    if op.scope == "spatial":
        return {"": call("SpatialResponseNorm", op.size, **fields)}
    return {"": call("LocalResponseNorm", op.size, **fields, groups=op.groups)}


@rule
def batch_norm(op: BatchNorm, step: Step) -> Layers:
    return {"": call("BatchNorm", momentum=op.momentum, epsilon=op.epsilon)}


@rule
def relu(op: Op, step: Step) -> Layers:
    return {"": call("layers.ReLU")}


@rule
def tanh(op: Op, step: Step) -> Layers:
    return {"": call("layers.Activation", "tanh")}


@rule
def flatten(op: Op, step: Step) -> Layers:
    (x,) = step.inputs
    if not x.is_maps or x.channels == 1 or x.height * x.width == 1:
        return {"": call("layers.Flatten")}
    # The language flattens map by map; Keras holds the maps of a place side by side.
    channels_first = Tuple((Literal(3), Literal(1), Literal(2)))
    return {"_order": call("layers.Permute", channels_first), "": call("layers.Flatten")}


@rule
def dense(op: Dense, step: Step) -> Layers:
    return {"": _weighted(op, call("layers.Dense", op.units))}


@rule
def dropout(op: Dropout, step: Step) -> Layers:
    return {"": call("layers.Dropout", op.rate)}


@rule
def softmax(op: Op, step: Step) -> Layers:
    return {"": call("layers.Softmax")}


@rule
def add(op: Op, step: Step) -> Layers:
    return {"": call("layers.Add")}


@rule
def concat(op: Op, step: Step) -> Layers:
    return {"": call("layers.Concatenate")}


def _weighted(op: Weighted, layer: Call) -> Call:
    """The layer, told how its weights and its bias begin; 0 is how a bias begins by itself."""
    init = op.weight_init
    drawn = call("normal", init.normal.std) if init.normal is not None else call("he_normal")
    bias = (Argument(Literal(number(op.bias_init)), "bias"),) if op.bias and op.bias_init else ()
    without = () if op.bias else (Argument(Literal(False), "use_bias"),)
    unpacked = Argument(Unpacked(replace(drawn, arguments=(*drawn.arguments, *bias))))
    return replace(layer, arguments=(*layer.arguments, *without, unpacked))


def _padding(window: Window, layer: str) -> tuple[Layers, Fields]:
    """Keras' own padding where that is the window's, else a layer that pads before it."""
    margins = _margins(window)
    if not any((margins.top, margins.bottom, margins.left, margins.right)):
        return {}, {}
    if margins == _same(window):
        return {}, {"padding": Literal("same")}
    rows = Tuple((Literal(margins.top), Literal(margins.bottom)))
    columns = Tuple((Literal(margins.left), Literal(margins.right)))
    return {"_pad": call(layer, Tuple((rows, columns)))}, {}


def _margins(window: Window) -> Margins:
    """All that lies around the map under some window: padding, and what the last window hangs over."""
    top, bottom = _ends(window.vertical)
    left, right = _ends(window.horizontal)
    return Margins(top, bottom, left, right)


def _ends(axis: Axis) -> tuple[int, int]:
    return axis.before, axis.after + axis.overhang


def _same(window: Window) -> Margins:
    """What `padding="same"` would put around the map."""
    height, width = window.vertical.n, window.horizontal.n
    return slide(
        height, width, kernel=window.kernel, stride=window.stride, dilation=window.dilation, padding="same"
    ).margins
