"""Makes the network's input of pictures in bytes, on each replica's device."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from typing import Any

import tensorflow as tf

from archc.training.normalisation import Normalisation


class Normaliser:
    """Computes what `Normalisation.apply` does, to the bit."""

    def __init__(self, normalisation: Normalisation) -> None:
        # Tensors, which a function takes as arguments: it would replace a division by constants by a multiplication.
        self._mean = tf.constant(normalisation.mean)
        self._shape = normalisation.mean.shape
        self._std = None if normalisation.std is None else tf.constant(normalisation.std)

    def __call__(self, pixels: Any, places: Any, noise: Any = None) -> Any:
        """(n, h, w, C) in float32."""
        values = tf.cast(pixels, tf.float32) - self._means(pixels, places)
        if noise is not None:
            values += noise[:, None, None]
        return values if self._std is None else values / self._std

    def _means(self, pixels: Any, places: Any) -> Any:
        """The mean at the place of each part, (n, h, w, C), or (C,)."""
        if len(self._shape) == 1:
            return self._mean
        _, height, width, _ = pixels.shape
        _, resize, _, channels = self._shape
        mirrored, top, left = tf.unstack(places, axis=1)
        rows = (mirrored * resize + top)[:, None] + tf.range(height, dtype=places.dtype)
        columns = left[:, None] + tf.range(width, dtype=places.dtype)
        bands = tf.gather(tf.reshape(self._mean, (2 * resize, resize, channels)), rows)
        return tf.gather(bands, columns, axis=2, batch_dims=1)
