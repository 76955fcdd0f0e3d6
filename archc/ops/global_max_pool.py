"""The largest value of each map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from archc.example import HEAD
from archc.ops.global_pool import GlobalPool, adaptive
from archc.ops.properties import INT64, Kept
from archc.tensor import Tensor

if TYPE_CHECKING:
    from archc.ops.op import Array


class GlobalMaxPool(GlobalPool, frozen=True):
    """The largest value of each map: (C, H, W) -> (C, 1, 1), or of each channel of a sequence: (C, L) -> (C, 1).

    A `flatten` after it makes a vector of C values.
    """

    failing = HEAD + "  flat: {op: flatten}\n  pool1: {op: global_max_pool}\n"
    corrected = HEAD + "  pool1: {op: global_max_pool}\n  flat: {op: flatten}\n"
    spoken = "global max pooling"
    other_names = (
        *("AdaptiveMaxPool1d", "AdaptiveMaxPool2d", "GlobalMaxPool1D", "GlobalMaxPool2D", "GlobalMaxPooling1D"),
        *("GlobalMaxPooling2D", "global_max_pooling"),
    )
    windowed = ("max_pool1d", "max_pool2d")
    excluded = adaptive("AdaptiveMaxPool1d", "AdaptiveMaxPool2d")
    element_ops_words = "H W - 1, over maps of H × W"
    kept_words = "its input, and 8 bytes for the position of each maximum"
    op: Literal["global_max_pool"]

    def compute(self, inputs: tuple[Array, ...], weights: Mapping[str, Array]) -> Array:
        (x,) = inputs
        return x.max(tuple(range(2, x.ndim)), keepdims=True)

    def kept(self, inputs: tuple[Tensor, ...], output: Tensor) -> Kept:
        """Its input (PyTorch needs only its shape) and the position of each maximum, as an int64."""
        return Kept(inputs=True, own=output.size * INT64)

    def element_ops(self, inputs: tuple[Tensor, ...], output: Tensor) -> int:
        """Per map, one comparison less than it has values."""
        return inputs[0].size - output.size
