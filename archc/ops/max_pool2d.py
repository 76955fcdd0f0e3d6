"""Max pooling; windows overlap where the stride is smaller than the kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from archc.example import HEAD
from archc.ops.foreign import Needless, NeedlessFields, UsualValues
from archc.ops.pool2d import KINDS, Pool2d, kinds, stride_of_onnx
from archc.ops.properties import INT64, Kept
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


LARGEST = ("0", "max")
"""The words of other frameworks for this kind of a pool."""


def _padding_of_darknet(values: Mapping[str, Any]) -> object:
    """darknet, whose kernel is a `size`, pads by one less than that, with the larger half at the bottom and right."""
    kernel = values.get("size")
    if type(kernel) is not int:
        return None
    before, after = (kernel - 1) // 2, kernel // 2
    return before if before == after else {"top": before, "bottom": after, "left": before, "right": after}


class MaxPool2d(Pool2d, frozen=True):
    """The largest value of each window, with padding of minus infinity: (C, H, W) -> (C, H', W')."""

    failing = HEAD + "  pool1: {op: max_pool2d, kernel: 2}\n"
    corrected = HEAD + "  pool1: {op: max_pool2d, kernel: 2, stride: 2}\n"
    spoken = "max pooling"
    other_names = ("MaxPooling2D", "MaxPool", "max_pooling", "SpatialMaxPooling")
    usual: ClassVar[UsualValues] = {
        "MaxPool2d": {"stride": "kernel"},
        "MaxPooling2D": {"kernel": 2, "stride": "kernel"},
        "MaxPool": {"stride": stride_of_onnx},
        "maxpool": {"stride": stride_of_onnx, "padding": _padding_of_darknet},
    }
    conversions = kinds(
        LARGEST,
        {
            ("1", "av", "mean"): "write `op: avg_pool2d` for the mean of each window",
            ("2", "sum", "lp", "stochastic"): "",
        },
    )
    needless: ClassVar[NeedlessFields] = {
        "return_indices": Needless("it returns values only", (False,)),
        "storage_order": Needless("it returns values only", (0,)),
        "count_include_pad": Needless("it takes a maximum, not a mean", (True, False, 0, 1)),
        **dict.fromkeys(KINDS, Needless("it takes the maximum of a window", ("MAX", "max", 0))),
    }
    on_sequences = "max_pool1d"
    of_window = "maximum"
    element_ops_words = "F - 1, over a window of F positions"
    kept_words = "its input, and 8 bytes for the position of each maximum"
    op: Literal["max_pool2d"]

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        import numpy as np

        return self.views(inputs[0], beyond=-np.inf).max((3, 5))

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Its input (PyTorch needs only its shape) and the position of each maximum, as an int64."""
        return Kept(inputs=True, own=output.size * INT64)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Per value, one comparison less than the window has positions."""
        return output.size * (self.kernel.area - 1)
