"""Pooling."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import Fixed, Literal, Tuple, Unless, call, pair
from archc.ops.avg_pool1d import AvgPool1d
from archc.ops.avg_pool2d import AvgPool2d
from archc.ops.global_avg_pool import GlobalAvgPool
from archc.ops.global_max_pool import GlobalMaxPool
from archc.ops.max_pool1d import MaxPool1d
from archc.ops.max_pool2d import MaxPool2d
from archc_torch.rules.padding import columns, ends, margins, sides
from archc_torch.rules.table import Modules, rule


@rule(MaxPool1d)
def max_pool1d(op: MaxPool1d, step: Step) -> Modules:
    window = op.window(step.inputs)
    kernel, stride, padding = op.kernel.width, op.stride.width, op.plain_padding(window)
    if padding is None:
        pad = call("nn.ConstantPad1d", ends(window), Fixed('float("-inf")'))
        return pad, call("nn.MaxPool1d", kernel, stride=stride)
    ceil = Unless(False, window.overhangs)
    return (call("nn.MaxPool1d", kernel, stride=stride, padding=Unless(0, padding.width), ceil_mode=ceil),)


@rule(MaxPool2d)
def max_pool2d(op: MaxPool2d, step: Step) -> Modules:
    window = op.window(step.inputs)
    kernel, stride, padding = pair(op.kernel), pair(op.stride), op.plain_padding(window)
    if padding is None:
        # A maximum must not pick the padding: zeros would win over negative values.
        pad = call("nn.ConstantPad2d", sides(window), Fixed('float("-inf")'))
        return pad, call("nn.MaxPool2d", kernel, stride=stride)
    # PyTorch's ceil_mode follows the same rule: no window starts beyond the input.
    ceil = Unless(False, window.overhangs)
    return (call("nn.MaxPool2d", kernel, stride=stride, padding=Unless(0, pair(padding)), ceil_mode=ceil),)


@rule(AvgPool1d)
def avg_pool1d(op: AvgPool1d, step: Step) -> Modules:
    window = op.window(step.inputs)
    kernel, stride, padding = op.kernel.width, op.stride.width, op.plain_padding(window)
    if op.is_weighted(window):
        rest = columns(op.uncounted(window))
        return call("nn.ZeroPad1d", ends(window)), call("AvgPool1d", kernel, stride, rest=rest)
    if padding is None:
        return call("nn.ZeroPad1d", ends(window)), call("nn.AvgPool1d", kernel, stride=stride)
    counts = Unless(True, bool(op.count_padding) or not padding.width)
    fields = {"padding": Unless(0, padding.width), "ceil_mode": Unless(False, window.overhangs)}
    return (call("nn.AvgPool1d", kernel, stride=stride, **fields, count_include_pad=counts),)


@rule(AvgPool2d)
def avg_pool2d(op: AvgPool2d, step: Step) -> Modules:
    window = op.window(step.inputs)
    kernel, stride, padding = pair(op.kernel), pair(op.stride), op.plain_padding(window)
    if op.is_weighted(window):
        sizes = (Tuple(tuple(map(Literal, size))) for size in (op.kernel, op.stride))
        pool = call("AvgPool", *sizes, rest=margins(op.uncounted(window)))
        return call("nn.ZeroPad2d", sides(window)), pool
    if padding is None:
        return call("nn.ZeroPad2d", sides(window)), call("nn.AvgPool2d", kernel, stride=stride)
    # PyTorch's divisor is the same: positions of an overhang never count.
    counts = Unless(True, bool(op.count_padding) or not any(padding))
    fields = {"padding": Unless(0, pair(padding)), "ceil_mode": Unless(False, window.overhangs)}
    return (call("nn.AvgPool2d", kernel, stride=stride, **fields, count_include_pad=counts),)


@rule(GlobalAvgPool)
def global_avg_pool(op: GlobalAvgPool, step: Step) -> Modules:
    return (call(f"nn.AdaptiveAvgPool{len(step.inputs[0].shape) - 1}d", 1),)


@rule(GlobalMaxPool)
def global_max_pool(op: GlobalMaxPool, step: Step) -> Modules:
    return (call(f"nn.AdaptiveMaxPool{len(step.inputs[0].shape) - 1}d", 1),)
