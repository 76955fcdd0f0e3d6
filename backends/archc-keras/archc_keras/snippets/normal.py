"""Normal weights, as emitted into a model's source."""
# pyright: basic

from typing import Any

from keras import initializers


def normal(std: float, bias: float = 0.0) -> dict[str, Any]:
    """How a layer begins: normal weights around 0, and biases all alike."""
    return {
        "kernel_initializer": initializers.RandomNormal(stddev=std),
        "bias_initializer": initializers.Constant(bias),
    }
