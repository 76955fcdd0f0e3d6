"""Initialisation from a normal distribution, for emitted source."""
# pyright: basic

from typing import Any

from keras import initializers


def normal(std: float, bias: float = 0.0) -> dict[str, Any]:
    """Initializers: normal weights around 0, and a constant bias."""
    return {
        "kernel_initializer": initializers.RandomNormal(stddev=std),
        "bias_initializer": initializers.Constant(bias),
    }
