"""Weights for layers before ReLUs (He et al., arXiv 1502.01852), as emitted."""

from torch import nn


def he_normal(layer: nn.Conv2d | nn.Linear, bias: float = 0) -> None:
    """Draw weights of mean 0 and variance 2 / fan-in; make all biases alike."""
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    if layer.bias is not None:
        nn.init.constant_(layer.bias, bias)
