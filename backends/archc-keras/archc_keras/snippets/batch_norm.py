"""Batch normalisation, for emitted source."""
# pyright: basic

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable()
class BatchNorm(layers.BatchNormalization):
    """BatchNormalization with an unbiased running variance, as in PyTorch."""

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        variance: Any = self.moving_variance
        kept = variance * self.momentum  # a copy, which the update does not change
        outputs = super().call(inputs, training=training, mask=mask)
        if training and self.trainable:
            added = variance - kept
            count: Any = ops.cast(ops.size(inputs) // inputs.shape[-1], added.dtype)
            variance.assign_add(added / (count - 1))  # Keras divides by n, not n - 1
        return outputs
