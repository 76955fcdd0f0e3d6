"""Sinusoidal positions of a sequence, for emitted source."""

import torch
from torch import Tensor, nn


class Sinusoids(nn.Module):
    """Adds sines and cosines of the position: (N, L, C) -> (N, L, C).

    Vaswani et al., "Attention is all you need", section 3.5. They are not in the
    state_dict.
    """

    values: Tensor

    def __init__(self, length: int, channels: int) -> None:
        super().__init__()
        channel = torch.arange(channels, dtype=torch.float64)
        turns = 10_000 ** (-2 * (channel // 2) / channels)
        angles = torch.arange(length, dtype=torch.float64)[:, None] * turns
        values = torch.where(channel % 2 == 0, angles.sin(), angles.cos())
        self.register_buffer("values", values, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.values.to(x.dtype)

    def extra_repr(self) -> str:
        return ", ".join(map(str, self.values.shape))
