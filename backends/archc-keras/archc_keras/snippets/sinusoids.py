"""Sinusoidal positions of a sequence, for emitted source."""
# pyright: basic

from typing import Any

import keras
import numpy as np
from keras import layers, ops


@keras.saving.register_keras_serializable()
class Sinusoids(layers.Layer):
    """Adds sines and cosines of the position: (N, L, C) -> (N, L, C).

    Vaswani et al., "Attention is all you need", section 3.5.
    """

    def call(self, inputs: Any) -> Any:
        _, length, channels = inputs.shape
        channel = np.arange(channels)
        turns = 10_000 ** (-2 * (channel // 2) / channels)
        angles = np.arange(length)[:, None] * turns
        values = np.where(channel % 2 == 0, np.sin(angles), np.cos(angles))
        added: Any = ops.convert_to_tensor(values, inputs.dtype)
        return inputs + added
