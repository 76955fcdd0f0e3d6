"""The mean of each map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from archc.example import HEAD
from archc.ops.global_pool import GlobalPool, adaptive
from archc.ops.properties import Kept
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class GlobalAvgPool(GlobalPool, frozen=True):
    """The mean of each map: (C, H, W) -> (C, 1, 1), or of each channel of a sequence: (C, L) -> (C, 1).

    A `flatten` after it makes a vector of C values.
    """

    failing = HEAD + "  flat: {op: flatten}\n  pool1: {op: global_avg_pool}\n"
    corrected = HEAD + "  pool1: {op: global_avg_pool}\n  flat: {op: flatten}\n"
    spoken = "global average pooling"
    other_names = (
        *("AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "GlobalAvgPool1D", "GlobalAvgPool2D", "GlobalAveragePool"),
        *("GlobalAveragePool1D", "GlobalAveragePool2D", "GlobalAveragePooling", "GlobalAveragePooling1D"),
        *("GlobalAveragePooling2D", "gap", "avgpool"),
    )
    loose_names = ("avgpool",)  # darknet's; TensorFlow's `avg_pool` has a kernel
    windowed = ("avg_pool1d", "avg_pool2d")
    excluded = adaptive("AdaptiveAvgPool1d", "AdaptiveAvgPool2d")
    is_linear = True
    element_ops_words = "H W, over maps of H × W"
    kept_words = "nothing"
    op: Literal["global_avg_pool"]

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        (x,) = inputs
        return x.mean(tuple(range(2, x.ndim)), keepdims=True)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Nothing: the gradient of each value of a map is the same."""
        return Kept()

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Per map, one addition less than it has values, and the division."""
        return inputs[0].size
