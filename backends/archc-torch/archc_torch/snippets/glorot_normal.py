"""Initialisation by both fans (Glorot and Bengio, AISTATS 2010)."""

from torch import nn


def glorot_normal(
    layer: nn.Conv2d | nn.Linear, gain: float = 1, bias: float = 0
) -> None:
    """Draw normal weights of variance 2 gain² / (fan-in + fan-out); fill biases."""
    nn.init.xavier_normal_(layer.weight, gain)
    if layer.bias is not None:
        nn.init.constant_(layer.bias, bias)
