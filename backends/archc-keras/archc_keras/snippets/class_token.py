"""Learned positions before a sequence, for emitted source."""
# pyright: basic

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable()
class ClassToken(layers.Layer):
    """Puts `count` learned positions before a sequence: (N, L, C) -> (N, L', C)."""

    def __init__(self, initializer: Any, *, count: int = 1, **options: Any) -> None:
        super().__init__(**options)
        self.initializer = keras.initializers.get(initializer)
        self.count = count

    def build(self, input_shape: Any) -> None:
        self.embeddings: Any = self.add_weight(
            shape=(self.count, input_shape[-1]),
            initializer=self.initializer,
            name="embeddings",
        )

    def call(self, inputs: Any) -> Any:
        batch: Any = ops.shape(inputs)
        shape = (batch[0], *self.embeddings.shape)
        tokens = ops.cast(self.embeddings, inputs.dtype)
        return ops.concatenate((ops.broadcast_to(tokens, shape), inputs), axis=1)

    def get_config(self) -> dict[str, Any]:
        initializer = keras.initializers.serialize(self.initializer)
        options = {"initializer": initializer, "count": self.count}
        return {**super().get_config(), **options}
