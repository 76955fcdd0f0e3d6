"""Convolutions and dense layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from archc.emit.plan import Step
from archc.emit.syntax import Argument, Call, Expression, Literal, Unless, call, pair
from archc.ops.conv1d import Conv1d
from archc.ops.conv2d import Conv2d
from archc.ops.conv_transpose1d import ConvTranspose1d
from archc.ops.conv_transpose2d import ConvTranspose2d
from archc.ops.dense import Dense
from archc.ops.embedding import Embedding
from archc.ops.fields import NONE, ONE, Margins, Size
from archc.ops.weighted import Weighted
from archc_keras.initialisers import drawn, initialisers, untyped
from archc_keras.rules.padding import around_axes, padding_of, sizes
from archc_keras.rules.table import RULES, Fields, Layers, rule


@rule(Conv2d)
def conv2d(op: Conv2d, step: Step) -> Layers:
    if ONE not in (op.dilation, op.stride):
        raise RULES.unsupported(step, "a stride and a dilation at once")
    pad, padding = padding_of(op.window(step.inputs), "layers.ZeroPadding2D", apart=step.pads_apart)
    fields: Fields = {
        "strides": Unless(1, pair(op.stride), has_place=True),
        **padding,
        "dilation_rate": Unless(1, pair(op.dilation)),
        "groups": Unless(1, op.groups),
    }
    return {**pad, "": _weighted(op, step, call(_kind(op, step), op.filters, pair(op.kernel), **fields))}


def _kind(op: Conv2d, step: Step) -> str:
    """Keras' own class, which is several times slower for groups on a CPU."""
    (x,) = step.inputs
    if op.groups == 1:
        return "layers.Conv2D"
    # TensorFlow's depthwise convolution has one stride.
    is_plain = op.dilation == ONE and op.stride.height == op.stride.width
    return "DepthwiseConv2D" if op.groups == x.channels and is_plain else "GroupedConv2D"


@rule(Conv1d)
def conv1d(op: Conv1d, step: Step) -> Layers:
    if ONE not in (op.dilation, op.stride):
        raise RULES.unsupported(step, "a stride and a dilation at once")
    window = op.window(step.inputs)
    pad, padding = padding_of(window, "layers.ZeroPadding1D", apart=step.pads_apart)
    if op.padding == "causal" and not window.overhangs:
        pad, padding = {}, {"padding": Unless("valid", "causal")}
    fields: Fields = {
        "strides": Unless(1, op.stride.width),
        **padding,
        "dilation_rate": Unless(1, op.dilation.width),
        "groups": Unless(1, op.groups),
    }
    kind = "GroupedConv1D" if op.groups > 1 else "layers.Conv1D"
    return {**pad, "": _weighted(op, step, call(kind, op.filters, op.kernel.width, **fields))}


@rule(ConvTranspose1d)
def conv_transpose1d(op: ConvTranspose1d, step: Step) -> Layers:
    return _transposed(op, step, "layers.Conv1DTranspose", lambda size: Literal(size.width))


@rule(ConvTranspose2d)
def conv_transpose2d(op: ConvTranspose2d, step: Step) -> Layers:
    return _transposed(op, step, "layers.Conv2DTranspose", pair)


def _transposed(op: ConvTranspose2d, step: Step, kind: str, size: Callable[[Size], Expression]) -> Layers:
    """Keras' own class where it cuts as much, or one that cuts any margins off the whole output."""
    (x,) = step.inputs
    same = op.model_copy(update={"padding": "same", "output_padding": NONE})
    # Without padding, Keras fills the output up to N S.
    height, width = (max(*sizes) for sizes in zip(op.full(x), same.output(x), strict=True))
    output, cut = op.output(x), op.cut
    around = Margins(cut.top, height - output.height - cut.top, cut.left, width - output.width - cut.left)
    strides = Unless(1, size(op.stride))
    if op.groups == 1 and op.dilation == ONE and (cut == same.cut or not any(around)):
        padding = Unless("valid", "same" if any(around) else "valid")
        return {"": _weighted(op, step, call(kind, op.filters, size(op.kernel), strides=strides, padding=padding))}
    layer = call(
        "ConvTranspose",
        op.filters,
        sizes(op.kernel, x),
        cut=around_axes(around, x),
        strides=strides,
        dilation_rate=Unless(None, None if op.dilation == ONE else sizes(op.dilation, x)),
        groups=Unless(1, op.groups),
    )
    return {"": _weighted(op, step, layer)}


@rule(Dense)
def dense(op: Dense, step: Step) -> Layers:
    return {"": _weighted(op, step, call("layers.Dense", op.units))}


@rule(Embedding)
def embedding(op: Embedding, step: Step) -> Layers:
    (x,) = step.inputs
    start = untyped(embeddings_initializer=drawn(op, step))
    return {"": call("layers.Embedding", x.vocabulary, op.channels, start)}


def _weighted(op: Weighted, step: Step, layer: Call) -> Call:
    """The layer with the initialisation of its weights and bias; the bias is 0 by default."""
    use = Argument(Literal(op.bias), "use_bias", default=Literal(True))
    return replace(layer, arguments=(*layer.arguments, use, *initialisers(op, step)))
