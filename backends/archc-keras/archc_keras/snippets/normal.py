"""Initialisation from a normal distribution, for emitted source."""
# pyright: basic

from typing import Any

from keras import initializers


def normal(std: float, bias: float = 0.0) -> dict[str, Any]:
    """Initializers: normal weights around 0, and a constant bias."""
    weights = initializers.RandomNormal(stddev=std)
    biases = initializers.Constant(bias)
    return {"kernel_initializer": weights, "bias_initializer": biases}
