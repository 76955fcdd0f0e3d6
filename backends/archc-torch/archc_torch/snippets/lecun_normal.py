"""Initialisation that keeps the variance (LeCun et al., Efficient BackProp, 1998)."""

from torch import nn


def lecun_normal(layer: nn.Conv2d | nn.Linear, bias: float = 0) -> None:
    """Draw normal weights of variance 1 / fan-in; fill the biases with `bias`."""
    nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")
    if layer.bias is not None:
        nn.init.constant_(layer.bias, bias)
