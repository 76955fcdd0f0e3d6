"""Padding for max pooling of sequences, for emitted source."""
# pyright: basic, reportIncompatibleMethodOverride=false

import math
from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable()
class LowestPadding1D(layers.ZeroPadding1D):
    """Pads with minus infinity, so that max pooling never picks the padding."""

    def call(self, inputs: Any) -> Any:
        margins = ((0, 0), self.padding, (0, 0))
        return ops.pad(inputs, margins, constant_values=-math.inf)
