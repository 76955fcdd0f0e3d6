"""The exchange between ranks that have some examples, for emitted source."""
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
        others = sum(counts) - len(x)
        self.received = 0 if self.output else others * x.shape[1:].numel()
        return AllExamples.apply(x, counts, self.summed)


class AllExamples(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, counts: tuple[int, ...], summed: bool) -> Tensor:
        ctx.counts, ctx.summed = counts, summed
        parts = x.new_empty(sum(counts), *x.shape[1:])
        if len({*counts}) == 1:
            distributed.all_gather_into_tensor(parts, x.contiguous())
        else:
            copies = torch.cat([x] * len(counts))
            distributed.all_to_all_single(
                parts, copies, [*counts], [len(x)] * len(counts)
            )
        return parts

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        if torch.is_grad_enabled():
            raise RuntimeError("this gradient cannot be differentiated")
        counts, rank, terms = (
            ctx.counts,
            distributed.get_rank(),
            upstream[0].contiguous(),
        )
        own = terms.split([*counts])[rank]
        if not ctx.summed:
            return own, None, None
        if len({*counts}) == 1:
            total = torch.empty_like(own)
            distributed.reduce_scatter_tensor(total, terms)
            return total, None, None
        found = own.new_empty(len(counts), *own.shape)
        received = found.flatten(0, 1)
        distributed.all_to_all_single(
            received, terms, [len(own)] * len(counts), [*counts]
        )
        return found.sum(0), None, None
