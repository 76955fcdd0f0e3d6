"""Batch normalisation, for emitted source."""
# pyright: basic, reportIncompatibleMethodOverride=false, reportOptionalMemberAccess=false
# pyright: reportOperatorIssue=false, reportOptionalOperand=false

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable()
class BatchNorm(layers.BatchNormalization):
    """BatchNormalization with an unbiased running variance, as in PyTorch.

    A batch of n values adds its variance with the divisor n - 1. Keras divides by n.
    """

    def call(self, x: Any, training: bool = False, mask: Any = None) -> Any:
        kept = self.momentum * ops.convert_to_tensor(self.moving_variance)
        y = super().call(x, training=training, mask=mask)
        if training and self.trainable:
            added = self.moving_variance - kept
            values = ops.cast(ops.size(x) // x.shape[-1], added.dtype)
            self.moving_variance.assign(kept + added * values / (values - 1))
        return y
