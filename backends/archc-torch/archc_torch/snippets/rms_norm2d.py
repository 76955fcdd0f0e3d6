"""Normalisation of maps by the root of the mean square, for emitted source."""

from torch import Tensor, nn


class RMSNorm2d(nn.RMSNorm):
    """RMS normalisation over maps, at each position: (N, C, H, W) -> (N, C, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
