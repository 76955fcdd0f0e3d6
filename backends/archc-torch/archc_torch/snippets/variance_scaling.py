"""Initialisation by the number of inputs and outputs of a layer, for emitted source."""

from torch import nn


def variance_scaling(
    layer: nn.Conv2d | nn.Linear,
    scale: float,
    fan: str,
    distribution: str = "normal",
    bias: float = 0,
) -> None:
    """Draw weights of variance scale / fan; fill the biases with `bias`.

    `fan` is "in", "out" or the mean of "both", of one group of a convolution.
    """
    groups = getattr(layer, "groups", 1)  # a linear layer has none
    fan_in = layer.weight[0].numel()
    fan_out = layer.weight[:, 0].numel() / groups
    number = {"in": fan_in, "out": fan_out, "both": (fan_in + fan_out) / 2}[fan]
    std = (scale / number) ** 0.5
    if distribution == "uniform":
        nn.init.uniform_(layer.weight, -(3**0.5) * std, 3**0.5 * std)
    else:
        nn.init.normal_(layer.weight, std=std)
    if layer.bias is not None:
        nn.init.constant_(layer.bias, bias)
