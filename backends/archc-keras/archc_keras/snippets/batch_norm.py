"""Batch normalisation, for emitted source."""
# pyright: basic

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable()
class BatchNorm(layers.BatchNormalization):
    """BatchNormalization with an unbiased running variance, as in PyTorch.

    A batch of n values adds its variance with the divisor n - 1. Keras divides by n.
    """

    moving_variance: Any

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        # A product is a copy, which the update of the variance does not change.
        kept = self.moving_variance * self.momentum
        outputs = super().call(inputs, training=training, mask=mask)
        if training and self.trainable:
            added = self.moving_variance - kept
            count: Any = ops.cast(ops.size(inputs) // inputs.shape[-1], added.dtype)
            self.moving_variance.assign_add(added / (count - 1))
        return outputs
