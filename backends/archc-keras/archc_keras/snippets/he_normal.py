"""He-normal weights, as emitted into a model's source."""
# pyright: basic

from typing import Any

from keras import initializers


def he_normal(bias: float = 0.0) -> dict[str, Any]:
    """How a layer begins: weights of variance 2 / fan-in, and biases all alike."""
    weights = initializers.VarianceScaling(2.0, "fan_in", "untruncated_normal")
    return {
        "kernel_initializer": weights,
        "bias_initializer": initializers.Constant(bias),
    }
