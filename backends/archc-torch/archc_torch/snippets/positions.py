"""Learned positions of a sequence, for emitted source."""

import torch
from torch import Tensor, nn


class Positions(nn.Module):
    """Adds a learned vector to each position: (N, L, C) -> (N, L, C)."""

    def __init__(self, length: int, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(length, channels))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.weight.to(x.dtype)

    def extra_repr(self) -> str:
        return ", ".join(map(str, self.weight.shape))
