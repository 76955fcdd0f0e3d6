"""Local response normalisation within a map, as emitted into a model's source."""
# pyright: basic, reportOperatorIssue=false, reportOptionalOperand=false

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable()
class SpatialResponseNorm(layers.Layer):
    """Divides each value by the energy around it in its map.

    y = x / (k + alpha / size^2 * sum of squares over size x size places)^beta, nothing
    lying beyond the edges: (N, H, W, C) -> (N, H, W, C). The window of an even size
    leans up and to the left.
    """

    def __init__(
        self, size: int, alpha: float, beta: float, k: float, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def call(self, x: Any) -> Any:
        width = "float64" if self.compute_dtype == "float64" else "float32"
        wide = ops.cast(x, width)
        margins = (self.size // 2, (self.size - 1) // 2)
        squares = ops.pad(ops.square(wide), ((0, 0), margins, margins, (0, 0)))
        mean = ops.average_pool(squares, self.size, strides=1)
        # d^-beta; `power` and its gradient take three times as long on a CPU.
        scale = ops.exp(-self.beta * ops.log(self.k + self.alpha * mean))
        return ops.cast(wide * scale, x.dtype)
