"""How each op is written in Keras, with channels last: one rule per op.

A rule returns the Keras layers that compute the op one after the other, by the suffix that each adds to the layer's
name. The last one has none.
"""

from __future__ import annotations

from dataclasses import replace

from archc.emit.plan import Step
from archc.emit.rules import Rules
from archc.emit.syntax import Argument, Call, Expression, Literal, Tuple, Unpacked, call, number, pair
from archc.ops.add import Add
from archc.ops.batch_norm import BatchNorm
from archc.ops.concat import Concat
from archc.ops.conv2d import Conv2d
from archc.ops.dense import Dense
from archc.ops.dropout import Dropout
from archc.ops.fields import ONE, Margins
from archc.ops.flatten import Flatten
from archc.ops.lrn import Lrn
from archc.ops.max_pool2d import MaxPool2d
from archc.ops.relu import Relu
from archc.ops.softmax import Softmax
from archc.ops.tanh import Tanh
from archc.ops.weighted import Weighted
from archc.ops.window import Window, slide

Layers = dict[str, Call]
Fields = dict[str, Expression | str | float]

RULES = Rules[Layers]("keras", "Keras")
rule = RULES.register


@rule(Conv2d)
def conv2d(op: Conv2d, step: Step) -> Layers:
    fields: Fields = {}
    if op.stride != ONE:
        fields["strides"] = pair(op.stride)
    pad, padding = _padding(op.window(step.inputs), "layers.ZeroPadding2D")
    fields |= padding
    if op.dilation != ONE:
        if op.stride != ONE:
            raise RULES.unsupported(step, "a stride and a dilation at once")
        fields["dilation_rate"] = pair(op.dilation)
    if op.groups > 1:
        fields["groups"] = op.groups
    # Keras' own grouped convolution is several times slower on a CPU.
    kind = "GroupedConv2D" if op.groups > 1 else "layers.Conv2D"
    return {**pad, "": _weighted(op, call(kind, op.filters, pair(op.kernel), **fields))}


@rule(MaxPool2d)
def max_pool2d(op: MaxPool2d, step: Step) -> Layers:
    pad, padding = _padding(op.window(step.inputs), "LowestPadding2D")
    return {**pad, "": call("layers.MaxPooling2D", pair(op.kernel), strides=pair(op.stride), **padding)}


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


@rule(Relu)
def relu(op: Relu, step: Step) -> Layers:
    return {"": call("layers.ReLU")}


@rule(Tanh)
def tanh(op: Tanh, step: Step) -> Layers:
    return {"": call("layers.Activation", "tanh")}


@rule(Flatten)
def flatten(op: Flatten, step: Step) -> Layers:
    (x,) = step.inputs
    if not x.is_maps or x.channels == 1 or x.height * x.width == 1:
        return {"": call("layers.Flatten")}
    # A spec flattens map by map; Keras stores the maps of a position side by side.
    channels_first = Tuple((Literal(3), Literal(1), Literal(2)))
    return {"_order": call("layers.Permute", channels_first), "": call("layers.Flatten")}


@rule(Dense)
def dense(op: Dense, step: Step) -> Layers:
    return {"": _weighted(op, call("layers.Dense", op.units))}


@rule(Dropout)
def dropout(op: Dropout, step: Step) -> Layers:
    return {"": call("layers.Dropout", op.rate)}


@rule(Softmax)
def softmax(op: Softmax, step: Step) -> Layers:
    return {"": call("layers.Softmax")}


@rule(Add)
def add(op: Add, step: Step) -> Layers:
    return {"": call("layers.Add")}


@rule(Concat)
def concat(op: Concat, step: Step) -> Layers:
    return {"": call("layers.Concatenate")}


def _weighted(op: Weighted, layer: Call) -> Call:
    """The layer with the initialisation of its weights and bias; the bias is 0 by default."""
    init = op.weight_init
    drawn = call("normal", init.normal.std) if init.normal is not None else call("he_normal")
    bias = (Argument(Literal(number(op.bias_init)), "bias"),) if op.bias and op.bias_init else ()
    without = () if op.bias else (Argument(Literal(False), "use_bias"),)
    unpacked = Argument(Unpacked(replace(drawn, arguments=(*drawn.arguments, *bias))))
    return replace(layer, arguments=(*layer.arguments, *without, unpacked))


def _padding(window: Window, layer: str) -> tuple[Layers, Fields]:
    """Keras' own padding if it is the same, else a layer before it that pads."""
    margins = window.around
    if not any(margins):
        return {}, {}
    if margins == _same(window):
        return {}, {"padding": Literal("same")}
    rows = Tuple((Literal(margins.top), Literal(margins.bottom)))
    columns = Tuple((Literal(margins.left), Literal(margins.right)))
    return {"_pad": call(layer, Tuple((rows, columns)))}, {}


def _same(window: Window) -> Margins:
    """The padding that `padding="same"` would add."""
    height, width = window.vertical.n, window.horizontal.n
    return slide(
        height, width, kernel=window.kernel, stride=window.stride, dilation=window.dilation, padding="same"
    ).margins
