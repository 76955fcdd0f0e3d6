"""A learned factor per map, for emitted source."""
# pyright: basic

from typing import Any

import keras
from keras import layers


@keras.saving.register_keras_serializable()
class Scale(layers.Layer):
    """Multiplies each map by a learned factor; with a bias, adds a learned number."""

    def __init__(self, *, initial: float, bias: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.initial = initial
        self.bias = bias
        self.beta: Any = None

    def build(self, input_shape: Any) -> None:
        maps = (input_shape[-1],)
        initial = keras.initializers.Constant(self.initial)
        self.gamma: Any = self.add_weight(shape=maps, initializer=initial, name="gamma")
        if self.bias:
            self.beta = self.add_weight(shape=maps, initializer="zeros", name="beta")

    def call(self, inputs: Any) -> Any:
        scaled = inputs * self.gamma
        return scaled if self.beta is None else scaled + self.beta

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "initial": self.initial, "bias": self.bias}
