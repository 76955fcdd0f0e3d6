"""A learned factor per map, for emitted source."""

import torch
from torch import Tensor, nn


class Scale(nn.Module):
    """Multiplies each map by a learned factor; with a bias, adds a learned number."""

    def __init__(self, maps: int, *, initial: float, bias: bool = False) -> None:
        super().__init__()
        self.initial = initial
        self.weight = nn.Parameter(torch.empty(maps))
        self.bias = nn.Parameter(torch.empty(maps)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.constant_(self.weight, self.initial)
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        scaled = x * self.per_map(self.weight, x)
        return scaled if self.bias is None else scaled + self.per_map(self.bias, x)

    def per_map(self, values: Tensor, x: Tensor) -> Tensor:
        """Values (C,) in the precision and with the axes of x (N, C, ...)."""
        return values.to(x.dtype).view(-1, *[1] * (x.ndim - 2))

    def extra_repr(self) -> str:
        return (
            f"{len(self.weight)}, initial={self.initial}, bias={self.bias is not None}"
        )
