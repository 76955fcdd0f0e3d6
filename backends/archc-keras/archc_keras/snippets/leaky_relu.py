"""Leaky ReLU, for emitted source."""
# pyright: basic

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable()
class LeakyReLU(layers.LeakyReLU):
    """LeakyReLU with the slope in the precision of the values.

    Keras' own on TensorFlow rounds it to float32.
    """

    def call(self, inputs: Any) -> Any:
        return ops.where(inputs > 0, inputs, self.negative_slope * inputs)
