"""Max pooling over a sequence; windows overlap where the stride is smaller than the kernel."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from archc.example import SEQUENCE_HEAD
from archc.ops.fields import LengthField
from archc.ops.foreign import UsualValues
from archc.ops.max_pool2d import LARGEST, MaxPool2d
from archc.ops.pool2d import kinds
from archc.ops.row import LENGTH_RULE, Row


class MaxPool1d(Row, MaxPool2d, frozen=True):
    """The largest value of each window, with padding of minus infinity: (C, L) -> (C, L')."""

    shape_rule = f"(C, L) -> (C, L'), {LENGTH_RULE}"
    failing = SEQUENCE_HEAD + "  pool1: {op: max_pool1d, kernel: 2}\n"
    corrected = SEQUENCE_HEAD + "  pool1: {op: max_pool1d, kernel: 2, stride: 2}\n"
    other_names = ("MaxPooling1D", "TemporalMaxPooling")
    usual: ClassVar[UsualValues] = {
        "MaxPool1d": {"stride": "kernel"},
        "MaxPooling1D": {"kernel": 2, "stride": "kernel"},
    }
    conversions = kinds(LARGEST, {("1", "av", "mean"): "write `op: avg_pool1d` for the mean of each window"})
    on_sequences = ""
    keeps_layout = True
    on_maps = "max_pool2d"
    op: Literal["max_pool1d"]  # pyright: ignore[reportIncompatibleVariableOverride]
    stride: LengthField = Field(description="Distance from one window to the next, in positions.")
