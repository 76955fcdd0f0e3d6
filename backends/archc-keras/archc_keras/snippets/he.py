"""Initialisation for layers before ReLUs (He et al., arXiv 1502.01852)."""
# pyright: basic

from typing import Any

from keras import initializers


def he(bias: float = 0.0) -> dict[str, Any]:
    """Initializers: normal weights of variance 2 / fan-in, and a constant bias."""
    weights = initializers.VarianceScaling(2.0, "fan_in", "untruncated_normal")
    biases = initializers.Constant(bias)
    return {"kernel_initializer": weights, "bias_initializer": biases}
