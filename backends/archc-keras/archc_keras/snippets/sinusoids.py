"""Sinusoidal positions of a sequence, for emitted source."""
# pyright: basic

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable()
class Sinusoids(layers.Layer):
    """Adds sines and cosines of the position: (N, L, C) -> (N, L, C).

    Vaswani et al., "Attention is all you need", section 3.5.
    """

    def call(self, inputs: Any) -> Any:
        _, length, channels = inputs.shape
        wide = "float64" if self.compute_dtype == "float64" else "float32"
        channel: Any = ops.arange(channels, dtype="int32")
        pair: Any = ops.cast(channel // 2, wide)
        places: Any = ops.expand_dims(ops.arange(length, dtype=wide), -1)
        base: Any = ops.cast(10_000, wide)
        angles = places * base ** (-2 * pair / channels)
        values = ops.where(channel % 2 == 0, ops.sin(angles), ops.cos(angles))
        return inputs + ops.cast(values, inputs.dtype)
