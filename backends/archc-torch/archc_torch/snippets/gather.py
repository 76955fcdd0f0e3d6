"""The exchange between ranks that each have some maps, for emitted source."""
# pyright: reportUnknownVariableType=false, reportIncompatibleMethodOverride=false
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false

from typing import Any

import torch
from torch import Tensor, distributed, nn


class Gather(nn.Module):
    """Concatenates all ranks' maps in rank order: (N, C, ...) -> (N, ranks C, ...).

    `dim` is the axis of the maps, or of a sequence's channels.

    Each rank computes different maps from the result, so it has only its own term of
    the gradient. The backward pass sums the terms on the rank that computed the map.
    Use `summed=False` if all ranks compute the same from it: each then has the whole
    gradient, and a sum would count it once per rank. An `output`, of which all ranks
    compute the loss, is such a case; it does not count as received.
    """

    def __init__(
        self, ranks: int, summed: bool = True, dim: int = 1, output: bool = False
    ) -> None:
        super().__init__()
        self.ranks, self.summed, self.dim = ranks, summed and not output, dim
        self.output, self.received = output, 0

    def forward(self, x: Tensor) -> Tensor:
        there = distributed.get_world_size() if distributed.is_initialized() else 0
        if there != self.ranks:
            raise RuntimeError(f"a process group of {there} ranks, not of {self.ranks}")
        self.received = 0 if self.output else (self.ranks - 1) * x.numel()
        return AllGather.apply(x, self)


class AllGather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, gather: Gather) -> Tensor:
        ctx.gather = gather
        parts = x.new_empty(gather.ranks * len(x), *x.shape[1:])
        distributed.all_gather_into_tensor(parts, x.contiguous())
        return torch.cat(parts.chunk(gather.ranks), dim=gather.dim)

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        if torch.is_grad_enabled():
            raise RuntimeError("the gradient of a Gather cannot be differentiated")
        parts = upstream[0].chunk(ctx.gather.ranks, dim=ctx.gather.dim)
        own = parts[distributed.get_rank()]
        if ctx.gather.summed:
            summands, own = torch.cat(parts).contiguous(), own.new_empty(own.shape)
            distributed.reduce_scatter_tensor(own, summands)
        return own, None
