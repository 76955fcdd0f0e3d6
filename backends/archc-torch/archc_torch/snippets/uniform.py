"""Initialisation from a uniform distribution, for emitted source."""

from torch import nn


def uniform(layer: nn.Conv2d | nn.Linear, limit: float, bias: float = 0) -> None:
    """Draw weights between -limit and limit; fill the biases with `bias`."""
    nn.init.uniform_(layer.weight, -limit, limit)
    if layer.bias is not None:
        nn.init.constant_(layer.bias, bias)
