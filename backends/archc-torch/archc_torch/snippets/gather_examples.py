"""The exchange between ranks that each have some of the examples, for emitted source."""
# pyright: reportUnknownVariableType=false, reportIncompatibleMethodOverride=false
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false

from typing import Any

import torch
from torch import Tensor, distributed
from archc_torch.snippets.counts import Divided


class GatherExamples(Divided):
    """Concatenates all ranks' examples in rank order: (n, ...) -> (N, ...).

    The backward pass sums the gradient's terms on the rank that has the example. Use
    `summed=False` if each rank has the whole gradient, as of an `output`.
    """

    def __init__(self, ranks: int, summed: bool = True, output: bool = False) -> None:
        super().__init__()
        self.ranks, self.summed = ranks, summed and not output
        self.output, self.received = output, 0

    def forward(self, x: Tensor) -> Tensor:
        there = distributed.get_world_size() if distributed.is_initialized() else 0
        if there != self.ranks:
            raise RuntimeError(f"a process group of {there} ranks, not of {self.ranks}")
        counts = self.counts(len(x), self.ranks)
        values = (self.ranks - 1) * max(counts) * x[:1].numel()
        self.received = 0 if self.output else values
        return AllExamples.apply(x, counts, self.summed)


class AllExamples(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, counts: tuple[int, ...], summed: bool) -> Tensor:
        ctx.counts, ctx.summed, most = counts, summed, max(counts)
        # All ranks send the same amount: as many examples as the first to have most.
        padded = x.new_zeros(most, *x.shape[1:])
        padded[: len(x)] = x
        parts = x.new_empty(len(counts) * most, *x.shape[1:])
        distributed.all_gather_into_tensor(parts, padded)
        chunks = parts.chunk(len(counts))
        return torch.cat([part[:n] for part, n in zip(chunks, counts, strict=True)])

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        if torch.is_grad_enabled():
            raise RuntimeError("this gradient cannot be differentiated")
        counts, rank = ctx.counts, distributed.get_rank()
        parts = upstream[0].split([*counts])
        if not ctx.summed:
            return parts[rank], None, None
        most, shape = max(counts), upstream[0].shape[1:]
        summands = upstream[0].new_zeros(len(counts), most, *shape)
        for padded, part in zip(summands, parts, strict=True):
            padded[: len(part)] = part
        own = upstream[0].new_empty(most, *shape)
        distributed.reduce_scatter_tensor(own, summands.flatten(0, 1))
        return own[: counts[rank]], None, None
