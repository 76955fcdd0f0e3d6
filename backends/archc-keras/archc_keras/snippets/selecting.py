"""One position of a sequence, for emitted source."""
# pyright: basic

from typing import Any

import keras
from keras import layers


@keras.saving.register_keras_serializable()
class Select(layers.Layer):
    """One position of a sequence, from the end if negative: (N, L, C) -> (N, C)."""

    def __init__(self, position: int, **options: Any) -> None:
        super().__init__(**options)
        self.position = position

    def call(self, inputs: Any) -> Any:
        return inputs[:, self.position]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "position": self.position}
