"""Learned positions of a sequence, for emitted source."""
# pyright: basic

from typing import Any

import keras
from keras import layers


@keras.saving.register_keras_serializable()
class Positions(layers.Layer):
    """Adds a learned vector to each position: (N, L, C) -> (N, L, C)."""

    def __init__(self, initializer: Any, **options: Any) -> None:
        super().__init__(**options)
        self.initializer = keras.initializers.get(initializer)

    def build(self, input_shape: Any) -> None:
        self.embeddings: Any = self.add_weight(
            shape=input_shape[1:], initializer=self.initializer, name="embeddings"
        )

    def call(self, inputs: Any) -> Any:
        return inputs + self.embeddings

    def get_config(self) -> dict[str, Any]:
        initializer = keras.initializers.serialize(self.initializer)
        return {**super().get_config(), "initializer": initializer}
