"""GELU by the tanh, for emitted source."""
# pyright: basic

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable()
def gelu_tanh(x: Any) -> Any:
    """GELU in its approximation by the tanh, as in BERT's and GPT-2's first code.

    `keras.activations.gelu` on TensorFlow rounds 0.044715 to float32.
    """
    share: Any = ops.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))
    return 0.5 * x * (1 + share)
