"""Convolutions and dense layers."""

from __future__ import annotations

from archc.emit.plan import Step
from archc.emit.syntax import Unless, call, pair
from archc.ops.conv1d import Conv1d
from archc.ops.conv2d import Conv2d
from archc.ops.conv_transpose1d import ConvTranspose1d
from archc.ops.conv_transpose2d import ConvTranspose2d
from archc.ops.dense import Dense
from archc.ops.embedding import Embedding
from archc.ops.fields import NONE, Margins, Size
from archc_torch.rules.padding import columns, ends, margins, sides
from archc_torch.rules.table import Modules, rule


@rule(Conv2d)
def conv2d(op: Conv2d, step: Step) -> Modules:
    window = op.window(step.inputs)
    padding = op.plain_padding(window)
    (x,) = step.inputs
    conv = call(
        "nn.Conv2d",
        x.channels,
        op.filters,
        pair(op.kernel),
        stride=Unless(1, pair(op.stride), has_place=True),
        padding=Unless(0, pair(padding or (0, 0)), has_place=True),
        dilation=Unless(1, pair(op.dilation)),
        groups=Unless(1, op.groups),
        bias=Unless(True, op.bias),
    )
    return (conv,) if padding is not None else (call("nn.ZeroPad2d", sides(window)), conv)


@rule(ConvTranspose2d)
def conv_transpose2d(op: ConvTranspose2d, step: Step) -> Modules:
    (x,) = step.inputs
    plain, rest = op.plain_padding(), _cut_after(op)
    padding, added = plain or (NONE, Size(max(-op.cut.bottom, 0), max(-op.cut.right, 0)))
    return (
        call(
            "nn.ConvTranspose2d" if plain else "CutConvTranspose2d",
            x.channels,
            op.filters,
            pair(op.kernel),
            stride=Unless(1, pair(op.stride)),
            padding=Unless(0, pair(padding)),
            output_padding=Unless(0, pair(added)),
            groups=Unless(1, op.groups),
            bias=Unless(True, op.bias),
            dilation=Unless(1, pair(op.dilation)),
            **({} if plain else {"cut": margins(rest)}),
        ),
    )


@rule(ConvTranspose1d)
def conv_transpose1d(op: ConvTranspose1d, step: Step) -> Modules:
    (x,) = step.inputs
    plain, rest = op.plain_padding(), _cut_after(op)
    padding, added = plain or (NONE, Size(0, max(-op.cut.right, 0)))
    return (
        call(
            "nn.ConvTranspose1d" if plain else "CutConvTranspose1d",
            x.channels,
            op.filters,
            op.kernel.width,
            stride=Unless(1, op.stride.width),
            padding=Unless(0, padding.width),
            output_padding=Unless(0, added.width),
            groups=Unless(1, op.groups),
            bias=Unless(True, op.bias),
            dilation=Unless(1, op.dilation.width),
            **({} if plain else {"cut": columns(rest)}),
        ),
    )


def _cut_after(op: ConvTranspose2d) -> Margins:
    """What is cut off an output that PyTorch gives whole."""
    top, bottom, left, right = op.cut
    return Margins(top, max(bottom, 0), left, max(right, 0))


@rule(Conv1d)
def conv1d(op: Conv1d, step: Step) -> Modules:
    window = op.window(step.inputs)
    padding = op.plain_padding(window)
    (x,) = step.inputs
    conv = call(
        "nn.Conv1d",
        x.channels,
        op.filters,
        op.kernel.width,
        stride=Unless(1, op.stride.width),
        padding=Unless(0, padding.width if padding else 0),
        dilation=Unless(1, op.dilation.width),
        groups=Unless(1, op.groups),
        bias=Unless(True, op.bias),
    )
    return (conv,) if padding is not None else (call("nn.ZeroPad1d", ends(window)), conv)


@rule(Dense)
def dense(op: Dense, step: Step) -> Modules:
    (x,) = step.inputs
    return (call("nn.Linear", x.channels, op.units, bias=Unless(True, op.bias)),)


@rule(Embedding)
def embedding(op: Embedding, step: Step) -> Modules:
    (x,) = step.inputs
    return (call("nn.Embedding", x.vocabulary, op.channels),)
