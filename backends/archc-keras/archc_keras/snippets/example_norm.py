"""Layer normalisation over all values of an example, for emitted source."""
# pyright: basic

from typing import Any

import keras
from keras import layers


@keras.saving.register_keras_serializable()
class ExampleNormalization(layers.LayerNormalization):
    """LayerNormalization over all axes of an example; each value has its own weight."""

    axis: Any

    def build(self, input_shape: Any) -> None:
        self.axis = list(range(1, len(input_shape)))
        super().build(input_shape)
