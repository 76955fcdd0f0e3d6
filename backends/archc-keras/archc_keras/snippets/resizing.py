"""Larger maps or longer sequences, for emitted source."""
# pyright: basic

from typing import Any, Literal

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable()
class Upsample(layers.Layer):
    """Resizes maps (N, H, W, C) or sequences (N, L, C) to the `sizes` of their axes.

    Without `corners` each output is an input. With `corners` it lies between several:
    "half_pixel" keeps the edges in place, "aligned" the centres of the outermost
    positions.
    """

    def __init__(
        self,
        sizes: tuple[int, ...],
        corners: Literal["half_pixel", "aligned"] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sizes, self.corners = sizes, corners

    def call(self, x: Any) -> Any:
        for axis, size in enumerate(self.sizes, 1):
            x = self.resize(x, axis, size)
        return x

    def resize(self, x: Any, axis: int, size: int) -> Any:
        n = x.shape[axis]
        if self.corners is None:
            return ops.take(x, [i * n // size for i in range(size)], axis=axis)
        if self.corners == "aligned":
            at = [i * (n - 1) / max(size - 1, 1) for i in range(size)]
        else:
            at = [max((i + 0.5) * n / size - 0.5, 0) for i in range(size)]
        first = [min(int(place), n - 1) for place in at]
        second = [min(place + 1, n - 1) for place in first]
        shape = [-1 if i == axis else 1 for i in range(len(x.shape))]
        shares = [place - before for place, before in zip(at, first, strict=True)]
        share: Any = ops.reshape(ops.convert_to_tensor(shares, dtype=x.dtype), shape)
        one: Any = ops.take(x, first, axis)
        other: Any = ops.take(x, second, axis)
        return (1 - share) * one + share * other
