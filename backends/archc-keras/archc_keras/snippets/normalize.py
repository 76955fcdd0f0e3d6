"""A constant mean and deviation per map, for emitted source."""
# pyright: basic

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable()
class Normalize(layers.Layer):
    """(x - mean) / std, with a constant mean and deviation for all maps or for each."""

    def __init__(
        self, *, mean: Sequence[float], std: Sequence[float], **options: Any
    ) -> None:
        super().__init__(**options)
        self.mean = mean
        self.std = std

    def call(self, inputs: Any) -> Any:
        mean: Any = ops.convert_to_tensor(self.mean, inputs.dtype)
        std: Any = ops.convert_to_tensor(self.std, inputs.dtype)
        return (inputs - mean) / std

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "mean": self.mean, "std": self.std}
