"""The sum of the ranks' terms of a gradient, for emitted source."""
# pyright: reportIncompatibleMethodOverride=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from typing import Any

import torch
from torch import Tensor, distributed, nn


class Summed(nn.Module):
    """The value itself, for layers of which each rank computes other parts.

    The backward pass sums the terms of the gradient that the ranks find.
    """

    def forward(self, x: Tensor) -> Tensor:
        return AllReduce.apply(x)


class AllReduce(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        total = upstream[0].contiguous().clone()
        distributed.all_reduce(total)
        return total
