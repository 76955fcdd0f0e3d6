"""Convolution over a sequence, with groups."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from archc.example import CONV1D_HEAD
from archc.ops.conv2d import Conv2d
from archc.ops.fields import NO_PADDING, ONE, CausalEndsField, LengthField, Margins, Padding
from archc.ops.foreign import OtherValues
from archc.ops.row import LENGTH_RULE, Row


class Conv1d(Row, Conv2d, frozen=True):
    """The inner product of each filter with each window of a sequence: (C, L) -> (filters, L').

    With `padding: causal`, an output position depends on no later position of its input: D (kernel - 1) positions are
    added at the beginning.
    """

    shape_rule = f"(C, L) -> (filters, L'), {LENGTH_RULE}; a dilation D makes F = D (kernel - 1) + 1"
    failing = CONV1D_HEAD + "  conv1: {op: conv1d, filters: 4, kernel: 17}\n"
    corrected = CONV1D_HEAD + "  conv1: {op: conv1d, filters: 4, kernel: 5}\n"
    spoken = "convolution"
    other_names = ("Convolution1D", "TemporalConvolution", "causal_conv1d", "temporal_conv")
    loose_names = ("causal_conv1d",)
    other_values: ClassVar[OtherValues] = {"padding": {"causal": "causal"}}
    on_sequences = ""
    on_maps = "conv2d"
    op: Literal["conv1d"]  # pyright: ignore[reportIncompatibleVariableOverride]
    stride: LengthField = Field(default=ONE, description="Distance from one window to the next, in positions.")
    padding: CausalEndsField = Field(  # pyright: ignore[reportIncompatibleVariableOverride]
        default=NO_PADDING,
        description="Positions added at the ends of a sequence: one number, {left, right}, `same` for an output of "
        "ceil(L / S), with the odd position at the end, or `causal` for all at the beginning.",
    )
    dilation: LengthField = Field(
        default=ONE, description="Distance between neighbouring positions of the kernel, in positions."
    )

    def _padding(self) -> Padding:
        if self.padding == "causal":
            return Margins(0, 0, self.dilation.width * (self.kernel.width - 1), 0)
        return self.padding
