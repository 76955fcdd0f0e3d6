"""A GRU that gives one value, for emitted source."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from typing import Any

from torch import nn


class GRU(nn.GRU):
    """PyTorch's GRU: (N, L, C) -> (N, L, units), or (N, units) if it gives the last."""

    weight_ih_l0: nn.Parameter
    weight_hh_l0: nn.Parameter
    weight_ih_l0_reverse: nn.Parameter
    weight_hh_l0_reverse: nn.Parameter

    def __init__(
        self,
        channels: int,
        units: int,
        *,
        gives: str,
        bidirectional: bool = False,
        bias: bool = True,
        bias_init: float = 0,
    ) -> None:
        self.start = bias_init
        super().__init__(
            channels, units, batch_first=True, bias=bias, bidirectional=bidirectional
        )
        self.gives = gives

    def reset_parameters(self) -> None:
        """Fill the biases."""
        for name, bias in self.named_parameters():
            if "bias" in name:
                nn.init.constant_(bias, self.start)

    def forward(self, input: Any, hx: Any = None) -> Any:
        states, last = super().forward(input, hx)
        return states if self.gives == "sequence" else last.transpose(0, 1).flatten(1)
