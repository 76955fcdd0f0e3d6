"""Transposed convolution with unequal padding, for emitted source."""
# pyright: reportUnknownMemberType=false

from typing import Any

from torch import Tensor, nn
from torch.nn.functional import pad


class CutConvTranspose2d(nn.ConvTranspose2d):
    """A ConvTranspose2d of whose output `cut` is cut off: left, right, top, bottom."""

    def __init__(
        self, *fields: Any, cut: tuple[int, int, int, int], **options: Any
    ) -> None:
        super().__init__(*fields, **options)
        self.cut = [-side for side in cut]

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        return pad(super().forward(input, output_size), self.cut)
