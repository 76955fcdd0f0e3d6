"""Initialisation for layers before ReLUs (He et al., arXiv 1502.01852)."""

from torch import nn


def he_uniform(layer: nn.Conv2d | nn.Linear, bias: float = 0) -> None:
    """Draw uniform weights of variance 2 / fan-in; fill the biases with `bias`."""
    nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
    if layer.bias is not None:
        nn.init.constant_(layer.bias, bias)
