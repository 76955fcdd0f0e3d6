"""An LSTM with one bias for each gate, for emitted source."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportAttributeAccessIssue=false

from typing import Any

import torch
from torch import nn


class LSTM(nn.LSTM):
    """PyTorch's LSTM with one bias for each gate, as in Keras, instead of two.

    (N, L, C) -> (N, L, units), or (N, units) if it gives the last state only.
    """

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
        forget_bias: float = 1,
    ) -> None:
        self.start = bias_init, forget_bias, bias_init, bias_init
        super().__init__(
            channels, units, batch_first=True, bias=bias, bidirectional=bidirectional
        )
        self.gives = gives
        # cuDNN reads a second bias, which stays zero.
        for name in [name for name, _ in self.named_parameters() if "bias_hh" in name]:
            delattr(self, name)
            self.register_buffer(name, torch.zeros(4 * units), persistent=False)
        self._init_flat_weights()

    def reset_parameters(self) -> None:
        """Fill the biases: of the input, the forget, the new and the output gate."""
        for name, bias in self.named_parameters():
            if "bias" in name:
                for gate, start in zip(bias.chunk(4), self.start, strict=True):
                    nn.init.constant_(gate, start)

    def forward(self, input: Any, hx: Any = None) -> Any:
        states, (last, _) = super().forward(input, hx)
        return states if self.gives == "sequence" else last.transpose(0, 1).flatten(1)
