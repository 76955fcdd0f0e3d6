"""Local response normalisation within a map, as emitted into a model's source."""
# pyright: basic, reportOperatorIssue=false

from typing import Any

import keras
from keras import layers, ops


class SpatialResponseNorm(layers.Layer):
    """Divides each value by the energy around it in its map.

    y = x / (k + alpha / size^2 * sum of squares over size x size places)^beta, nothing
    lying beyond the edges: (N, H, W, C) -> (N, H, W, C). The window of an even size
    leans up and to the left.
    """

    def __init__(
        self, size: int, alpha: float, beta: float, k: float, **options: Any
    ) -> None:
        super().__init__(**options)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def call(self, x: Any) -> Any:
        wide = ops.cast(x, keras.backend.result_type(x.dtype, "float32"))
        margins = (self.size // 2, (self.size - 1) // 2)
        squares = ops.pad(ops.square(wide), ((0, 0), margins, margins, (0, 0)))
        mean = ops.average_pool(squares, self.size, strides=1)
        # d^-beta; `power` and its gradient take three times as long on a CPU.
        scale = ops.exp(-self.beta * ops.log(self.k + self.alpha * mean))
        return ops.cast(ops.multiply(wide, scale), x.dtype)

    def get_config(self) -> dict[str, Any]:
        fields = ("size", "alpha", "beta", "k")
        return super().get_config() | {name: getattr(self, name) for name in fields}
