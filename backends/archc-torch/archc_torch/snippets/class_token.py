"""Learned positions before a sequence, for emitted source."""

import torch
from torch import Tensor, nn


class ClassToken(nn.Module):
    """Puts `count` learned positions before a sequence: (N, L, C) -> (N, L', C)."""

    def __init__(self, channels: int, *, count: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(count, channels))

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.weight.to(x.dtype).expand(len(x), -1, -1)
        return torch.cat((tokens, x), dim=1)

    def extra_repr(self) -> str:
        count, channels = self.weight.shape
        return f"{channels}, count={count}"
