"""GELU by the error function, for emitted source."""
# pyright: basic

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable()
def exact_gelu(x: Any) -> Any:
    """GELU by the error function.

    On TensorFlow, `keras.activations.gelu` rounds the root of 2 to float32.
    """
    share: Any = ops.erf(x / math.sqrt(2))
    return 0.5 * x * (1 + share)
