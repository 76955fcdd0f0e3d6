"""Pooling."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import Tuple, call, pair
from archc.ops.avg_pool1d import AvgPool1d
from archc.ops.avg_pool2d import AvgPool2d
from archc.ops.fields import NO_PADDING
from archc.ops.global_avg_pool import GlobalAvgPool
from archc.ops.global_max_pool import GlobalMaxPool
from archc.ops.max_pool1d import MaxPool1d
from archc.ops.max_pool2d import MaxPool2d
from archc_keras.initialisers import untyped
from archc_keras.rules.padding import columns, is_same, margins, padding_of
from archc_keras.rules.table import Layers, rule


@rule(MaxPool1d)
def max_pool1d(op: MaxPool1d, step: Step) -> Layers:
    pad, padding = padding_of(op.window(step.inputs), "LowestPadding1D", apart=step.pads_apart)
    return {**pad, "": call("layers.MaxPooling1D", op.kernel.width, strides=op.stride.width, **padding)}


@rule(MaxPool2d)
def max_pool2d(op: MaxPool2d, step: Step) -> Layers:
    pad, padding = padding_of(op.window(step.inputs), "LowestPadding2D", apart=step.pads_apart)
    return {**pad, "": call("layers.MaxPooling2D", pair(op.kernel), strides=pair(op.stride), **padding)}


@rule(AvgPool1d)
def avg_pool1d(op: AvgPool1d, step: Step) -> Layers:
    window = op.window(step.inputs)
    kernel, stride = op.kernel.width, op.stride.width
    if window.around == NO_PADDING or (is_same(window) and not op.count_padding and not step.pads_apart):
        pad, padding = padding_of(window, "layers.ZeroPadding1D")
        return {**pad, "": call("layers.AveragePooling1D", kernel, strides=stride, **padding)}
    pad, rest = call("layers.ZeroPadding1D", untyped(padding=columns(window.around))), op.uncounted(window)
    if rest == NO_PADDING:
        return {"_pad": pad, "": call("layers.AveragePooling1D", kernel, strides=stride)}
    return {"_pad": pad, "": call("AvgPool", kernel, strides=stride, rest=Tuple((columns(rest),)))}


@rule(AvgPool2d)
def avg_pool2d(op: AvgPool2d, step: Step) -> Layers:
    window = op.window(step.inputs)
    kernel, stride = pair(op.kernel), pair(op.stride)
    if window.around == NO_PADDING or (is_same(window) and not op.count_padding and not step.pads_apart):
        pad, padding = padding_of(window, "layers.ZeroPadding2D")  # Keras' own padding never counts
        return {**pad, "": call("layers.AveragePooling2D", kernel, strides=stride, **padding)}
    pad, rest = call("layers.ZeroPadding2D", margins(window.around)), op.uncounted(window)
    if rest == NO_PADDING:
        return {"_pad": pad, "": call("layers.AveragePooling2D", kernel, strides=stride)}
    return {"_pad": pad, "": call("AvgPool", kernel, strides=stride, rest=margins(rest))}


@rule(GlobalAvgPool)
def global_avg_pool(op: GlobalAvgPool, step: Step) -> Layers:
    return {"": call(f"layers.GlobalAveragePooling{len(step.inputs[0].shape) - 1}D", keepdims=True)}


@rule(GlobalMaxPool)
def global_max_pool(op: GlobalMaxPool, step: Step) -> Layers:
    return {"": call(f"layers.GlobalMaxPooling{len(step.inputs[0].shape) - 1}D", keepdims=True)}
