"""Transposed convolution of sequences with unequal padding, for emitted source."""
# pyright: reportUnknownMemberType=false

from typing import Any

from torch import Tensor, nn
from torch.nn.functional import pad


class CutConvTranspose1d(nn.ConvTranspose1d):
    """A ConvTranspose1d of whose output `cut` is cut off: left, right."""

    def __init__(self, *fields: Any, cut: tuple[int, int], **options: Any) -> None:
        super().__init__(*fields, **options)
        self.cut = [-side for side in cut]

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        return pad(super().forward(input, output_size), self.cut)
