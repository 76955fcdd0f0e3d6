"""Local response normalisation over neighbouring maps, for emitted source.

Sums are of slices, so a value reaches only the windows that contain it, whatever its
size, and TensorFlow computes them exactly on a GPU. A product with a band matrix would
multiply infinity by zero, and round its factors to TensorFloat-32.
"""
# pyright: basic

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable()
class LocalResponseNorm(layers.Layer):
    """Local response normalisation over `size` neighbouring maps in each group.

    (N, H, W, C) -> (N, H, W, C): y = x / (k + alpha / size * sum of squares)^beta. An
    even window has one more map before its centre than after it.
    """

    def __init__(
        self, size: int, alpha: float, beta: float, k: float, groups: int, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k
        self.groups = groups

    def call(self, x: Any) -> Any:
        wide = "float64" if self.compute_dtype == "float64" else "float32"
        maps: Any = ops.cast(ops.reshape(x, (-1, x.shape[-1] // self.groups)), wide)
        # The weight is under the square: with 0, a square beyond float32 would be NaN.
        squares = ops.square((self.alpha / self.size) ** 0.5 * maps)
        total = sum_windows(squares, self.size // 2, (self.size - 1) // 2)
        # d^-beta: on a CPU, `power` and its gradient would take three times as long.
        logarithm: Any = ops.log(self.k + total)
        y = maps * ops.exp(-self.beta * logarithm)
        return ops.cast(ops.reshape(y, (-1, *x.shape[1:])), x.dtype)


def sum_windows(values: Any, before: int, after: int) -> Any:
    """Sum the neighbours of each value in the last axis of (M, C), and itself."""

    def add(values: Any, before: int, after: int) -> Any:
        padded: Any = ops.pad(values, ((0, 0), (before, after)))
        last = before + after + 1
        return sum(padded[:, step : step + values.shape[1]] for step in range(last))

    @ops.custom_gradient
    def sums(values: Any) -> Any:
        # TensorFlow's own would pad the gradient of each slice: three times as slow.
        def gradient(*args: Any, upstream: Any = None) -> Any:
            return add(args[0] if upstream is None else upstream, after, before)

        return add(values, before, after), gradient

    return sums(values)
