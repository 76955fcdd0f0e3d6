"""Pooling."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import call, pair
from archc.ops.max_pool1d import MaxPool1d
from archc.ops.max_pool2d import MaxPool2d
from archc_keras.rules.padding import padding_of
from archc_keras.rules.table import Layers, rule


@rule(MaxPool1d)
def max_pool1d(op: MaxPool1d, step: Step) -> Layers:
    pad, padding = padding_of(op.window(step.inputs), "LowestPadding1D")
    return {**pad, "": call("layers.MaxPooling1D", op.kernel.width, strides=op.stride.width, **padding)}


@rule(MaxPool2d)
def max_pool2d(op: MaxPool2d, step: Step) -> Layers:
    pad, padding = padding_of(op.window(step.inputs), "LowestPadding2D")
    return {**pad, "": call("layers.MaxPooling2D", pair(op.kernel), strides=pair(op.stride), **padding)}
