"""The keywords of a layer for any initializer of its weights."""
# pyright: basic

from typing import Any

from keras import initializers


def drawn(weights: Any, bias: float = 0.0) -> dict[str, Any]:
    """Initializers: that of the weights, and a constant bias."""
    biases = initializers.Constant(bias)
    return {"kernel_initializer": weights, "bias_initializer": biases}
