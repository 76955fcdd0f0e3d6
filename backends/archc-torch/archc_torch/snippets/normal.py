"""Weights from a normal distribution, as emitted into a model's source."""

from torch import nn


def normal(layer: nn.Conv2d | nn.Linear, std: float, bias: float = 0) -> None:
    """Draw the weights from a normal distribution around 0; make all biases alike."""
    nn.init.normal_(layer.weight, std=std)
    if layer.bias is not None:
        nn.init.constant_(layer.bias, bias)
