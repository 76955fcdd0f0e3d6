"""A range of maps or units, for emitted source."""
# pyright: basic

from typing import Any

import keras
from keras import layers


@keras.saving.register_keras_serializable()
class Slice(layers.Layer):
    """The maps or units from `start` to before `stop`: (N, ..., C) -> (N, ..., C')."""

    def __init__(self, start: int, stop: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start, self.stop = start, stop

    def call(self, x: Any) -> Any:
        return x[..., self.start : self.stop]
