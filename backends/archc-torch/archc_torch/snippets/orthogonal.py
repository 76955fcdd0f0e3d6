"""Orthogonal initialisation (Saxe et al., arXiv 1312.6120)."""

from torch import nn


def orthogonal(layer: nn.Conv2d | nn.Linear, gain: float = 1, bias: float = 0) -> None:
    """Make the weights an orthogonal matrix, with a row per output; fill the biases."""
    nn.init.orthogonal_(layer.weight, gain)
    if layer.bias is not None:
        nn.init.constant_(layer.bias, bias)
