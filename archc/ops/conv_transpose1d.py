"""Transposed convolution over a sequence, with groups."""

from __future__ import annotations

from functools import partial
from typing import Literal

from pydantic import Field

from archc.example import CONV1D_HEAD
from archc.ops.conv_transpose2d import ConvTranspose2d
from archc.ops.fields import NO_PADDING, NONE, ONE, EndsField, LengthExtent, LengthField, Size
from archc.ops.foreign import Conversion
from archc.ops.row import InRow, as_row, only
from archc.tensor import Tensor


class ConvTranspose1d(InRow, ConvTranspose2d, frozen=True):
    """Each position adds its multiple of the filters to a longer sequence: (C, L) -> (filters, L').

    This is the gradient of a conv1d with the same fields with respect to its input. `padding` is cut off the ends of
    the sum, and `output_padding` positions at its end are kept of what is cut, or added where nothing is. Its weight
    has the shape (C, filters / groups, kernel), as in PyTorch.
    """

    shape_rule = (
        "(C, L) -> (filters, L'), L' = (L - 1) S - 2P + F + O with F = D (kernel - 1) + 1, S the stride, P the "
        "padding, O the output_padding and D the dilation; `padding: same` gives L S"
    )
    failing = CONV1D_HEAD + "  up1: {op: conv_transpose1d, filters: 4, kernel: 2, padding: 16}\n"
    corrected = CONV1D_HEAD.replace("conv1d", "conv_transpose1d") + (
        "  up1: {op: conv_transpose1d, filters: 4, kernel: 2, stride: 2}\n"
    )
    spoken = "transposed convolution"
    other_names = ("Conv1DTranspose", "Convolution1DTranspose", "Deconvolution1D", "deconv1d", "transposed_conv1d")
    conversions = (Conversion(("output_padding",), partial(only, "output_padding", "output_padding")),)
    on_sequences = ""
    on_maps = "conv_transpose2d"
    spans = ("high", "long")
    lines = "positions"
    op: Literal["conv_transpose1d"]  # pyright: ignore[reportIncompatibleVariableOverride]
    kernel: LengthField = Field(description="Size of the filters: their number of positions.")
    stride: LengthField = Field(
        default=ONE, description="Distance between the filters of neighbouring positions, in output positions."
    )
    padding: EndsField = Field(
        default=NO_PADDING,
        description="Positions cut off the ends of the output: one number, {left, right}, or `same` for an output of "
        "L S, as in Keras.",
    )
    output_padding: LengthExtent = Field(
        default=NONE,
        description="Positions at the end that are not cut, or that are added; fewer than the stride or the dilation.",
    )
    dilation: LengthField = Field(
        default=ONE, description="Distance between neighbouring positions of the kernel, in positions."
    )

    def full(self, x: Tensor) -> Size:
        return super().full(as_row(x))
