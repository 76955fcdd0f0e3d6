"""Local response normalisation within a map, for emitted source."""
# pyright: basic

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable()
class SpatialResponseNorm(layers.Layer):
    """Local response normalisation over size x size neighbours in the same map.

    (N, H, W, C) -> (N, H, W, C): y = x / (k + alpha / size^2 * sum of squares)^beta.
    Values beyond the edges count as zero. An even window has one more row above its
    centre and one more column to its left.
    """

    def __init__(
        self, size: int, alpha: float, beta: float, k: float, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def call(self, x: Any) -> Any:
        width = "float64" if self.compute_dtype == "float64" else "float32"
        wide: Any = ops.cast(x, width)
        margins = (self.size // 2, (self.size - 1) // 2)
        # The weight is under the square: with 0, a square beyond float32 would be NaN.
        squares = ops.square(self.alpha**0.5 * wide)
        squares = ops.pad(squares, ((0, 0), margins, margins, (0, 0)))
        mean: Any = ops.average_pool(squares, self.size, strides=1)
        # d^-beta: on a CPU, `power` and its gradient would take three times as long.
        logarithm: Any = ops.log(self.k + mean)
        return ops.cast(wide * ops.exp(-self.beta * logarithm), x.dtype)
