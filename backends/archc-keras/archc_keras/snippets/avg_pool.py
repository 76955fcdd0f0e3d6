"""Average pooling that does not count the edges of a padded map, for emitted source."""
# pyright: basic

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable()
class AvgPool(layers.Layer):
    """Average pooling of a padded map: (N, H, W, C) -> (N, H', W', C).

    The mean does not count the outermost rows and columns, of which there are `rest`:
    ((top, bottom), (left, right)). Their values are zero.
    """

    def __init__(self, pool_size: Any, strides: Any, rest: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pool_size, self.strides, self.rest = pool_size, strides, rest

    def call(self, x: Any) -> Any:
        (top, bottom), (left, right) = self.rest
        rows, columns = slice(top, x.shape[1] - bottom), slice(left, x.shape[2] - right)
        ones = ops.ones_like(x[:1, rows, columns, :1])
        counted = ops.pad(ones, ((0, 0), *self.rest, (0, 0)))
        return self.mean(x) / self.mean(counted)

    def mean(self, x: Any) -> Any:
        return ops.average_pool(x, self.pool_size, strides=self.strides)
