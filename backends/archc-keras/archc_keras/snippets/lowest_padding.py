"""Padding for a maximum, as emitted into a model's source."""
# pyright: basic, reportIncompatibleMethodOverride=false

import math
from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable()
class LowestPadding2D(layers.ZeroPadding2D):
    """Pads maps with minus infinity, which no maximum picks."""

    def call(self, inputs: Any) -> Any:
        margins = ((0, 0), *self.padding, (0, 0))
        return ops.pad(inputs, margins, constant_values=-math.inf)
