"""Average pooling that does not count the edges of what is padded, for emitted source."""
# pyright: basic

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable()
class AvgPool(layers.Layer):
    """Average pooling of padded maps or sequences: (N, H, W, C) -> (N, H', W', C).

    The mean does not count the outermost positions along each axis, of which there are `rest`:
    ((top, bottom), (left, right)). Their values are zero.
    """

    def __init__(self, pool_size: Any, strides: Any, rest: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pool_size, self.strides, self.rest = pool_size, strides, rest

    def call(self, x: Any) -> Any:
        sides = zip(x.shape[1:], self.rest)
        places = (slice(before, n - after) for n, (before, after) in sides)
        ones = ops.ones_like(x[(slice(1), *places, slice(1))])
        counted = ops.pad(ones, ((0, 0), *self.rest, (0, 0)))
        return self.mean(x) / self.mean(counted)

    def mean(self, x: Any) -> Any:
        return ops.average_pool(x, self.pool_size, strides=self.strides)
