"""Padding with a value or with what is at the edges, for emitted source."""
# pyright: basic

from typing import Any, Literal

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable()
class Padding(layers.Layer):
    """Pads maps by ((top, bottom), (left, right)), or sequences by ((left, right),).

    `mode` adds a constant `value`, mirrors the values without the one at the edge, or
    repeats the one at the edge.
    """

    def __init__(
        self,
        padding: Any,
        mode: Literal["constant", "reflect", "replicate"] = "constant",
        value: float = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.padding, self.mode, self.value = padding, mode, value

    def call(self, x: Any) -> Any:
        if self.mode == "constant":
            around = ((0, 0), *self.padding, (0, 0))
            return ops.pad(x, around, constant_values=self.value)
        for axis, (before, after) in enumerate(self.padding, 1):
            x = self.repeat(x, axis, before, after)
        return x

    def repeat(self, x: Any, axis: int, before: int, after: int) -> Any:
        n = x.shape[axis]
        places = range(-before, n + after)
        if self.mode == "reflect":
            return ops.take(x, [n - 1 - abs(n - 1 - abs(i)) for i in places], axis)
        return ops.take(x, [min(max(i, 0), n - 1) for i in places], axis)
