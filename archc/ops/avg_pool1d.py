"""Average pooling over a sequence, with padding in the mean or not."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from archc.example import SEQUENCE_HEAD
from archc.ops.avg_pool2d import MEANS, AvgPool2d, counted, not_counted
from archc.ops.fields import LengthField
from archc.ops.foreign import UsualValues
from archc.ops.pool2d import kinds
from archc.ops.properties import FLOAT32, Scratch
from archc.ops.row import LENGTH_RULE, Row
from archc.tensor import Tensor


class AvgPool1d(Row, AvgPool2d, frozen=True):
    """The mean of each window of a sequence: (C, L) -> (C, L').

    With `count_padding: true`, the mean is of the window's positions in the sequence and in its padding, whose values
    are zero; with `count_padding: false` only of those in the sequence. Positions beyond the padding, where the last
    window of `rounding: ceil` extends past the end, never count, as in PyTorch.
    """

    shape_rule = f"(C, L) -> (C, L'), {LENGTH_RULE}"
    failing = SEQUENCE_HEAD + "  pool1: {op: avg_pool1d, kernel: 3, stride: 1, padding: 1}\n"
    corrected = SEQUENCE_HEAD + "  pool1: {op: avg_pool1d, kernel: 3, stride: 1, padding: 1, count_padding: false}\n"
    other_names = ("AveragePooling1D",)
    loose_names = ()
    usual: ClassVar[UsualValues] = {
        "AvgPool1d": {"stride": "kernel", "count_padding": counted},
        "AveragePooling1D": {"kernel": 2, "stride": "kernel", "count_padding": not_counted},
    }
    conversions = kinds(MEANS, {("0", "max"): "write `op: max_pool1d` for the largest value of each window"})
    on_sequences = ""
    keeps_layout = True
    on_maps = "avg_pool2d"
    op: Literal["avg_pool1d"]  # pyright: ignore[reportIncompatibleVariableOverride]
    stride: LengthField = Field(description="Distance from one window to the next, in positions.")

    def scratch(self, inputs: tuple[Tensor, ...], output: Tensor, *, narrow: bool) -> Scratch:
        """Where counts differ, the means before they are divided by the counts."""
        means = output.size * (FLOAT32 // 2 if narrow else FLOAT32)
        return Scratch(forward=means if self.is_weighted(self.window(inputs)) else 0)
