"""Gradients that all ranks have whole, among terms, for emitted source."""
# pyright: reportIncompatibleMethodOverride=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from typing import Any

import torch
from torch import Tensor, distributed, nn


class Alike(nn.Module):
    """The value itself, for layers that all ranks compute alike.

    Each rank finds their whole gradient, which a sum over the ranks would count as
    often as there are ranks: so it is divided by their number.
    """

    def forward(self, x: Tensor) -> Tensor:
        return Share.apply(x)


class Share(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        return upstream[0] / distributed.get_world_size()
