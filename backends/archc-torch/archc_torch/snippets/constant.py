"""Initialisation with one value, for emitted source."""

from torch import nn


def constant(layer: nn.Conv2d | nn.Linear, value: float, bias: float = 0) -> None:
    """Fill the weights with `value` and the biases with `bias`."""
    nn.init.constant_(layer.weight, value)
    if layer.bias is not None:
        nn.init.constant_(layer.bias, bias)
