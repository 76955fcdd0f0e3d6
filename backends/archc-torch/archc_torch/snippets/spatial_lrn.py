"""Local response normalisation within a map, for emitted source."""

import torch
from torch import Tensor, nn


class SpatialLRN(nn.Module):
    """Local response normalisation over size x size neighbours in the same map.

    (N, C, H, W) -> (N, C, H, W): y = x / (k + alpha / size^2 * sum of squares)^beta.
    Values beyond the edges count as zero. An even window has one more row above its
    centre and one more column to its left.
    """

    def __init__(self, size: int, alpha: float, beta: float, k: float) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, x: Tensor) -> Tensor:
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        before, after = self.size // 2, (self.size - 1) // 2
        squares = nn.functional.pad(wide.square(), (before, after, before, after))
        energy = nn.functional.avg_pool2d(squares, self.size, stride=1)
        return (wide * energy.mul(self.alpha).add(self.k).pow(-self.beta)).to(x.dtype)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
