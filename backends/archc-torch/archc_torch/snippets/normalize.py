"""A constant mean and deviation per map, for emitted source."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Normalize(nn.Module):
    """(x - mean) / std, with a constant mean and deviation for all maps or for each.

    They are not in the state_dict.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, *, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer(
            "mean", torch.tensor(mean, dtype=torch.float64), persistent=False
        )
        self.register_buffer(
            "std", torch.tensor(std, dtype=torch.float64), persistent=False
        )

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.per_map(self.mean, x)) / self.per_map(self.std, x)

    def per_map(self, values: Tensor, x: Tensor) -> Tensor:
        """Values (C,) in the precision and with the axes of x (N, C, ...)."""
        return values.to(x.dtype).view(-1, *[1] * (x.ndim - 2))
