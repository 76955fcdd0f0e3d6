"""The exchange of some maps between ranks, for emitted source."""
# pyright: reportUnknownVariableType=false, reportIncompatibleMethodOverride=false
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, distributed

from archc_torch.snippets.counts import Divided


class Fetch(Divided):
    """Fetches maps that other ranks have: (N, C, ...) -> (N, fetched maps, ...).

    `maps` are, for each rank, the ranges of those that it fetches, numbered as in
    the whole network; `dim` is their axis. With `examples`, each rank has all maps of
    its own examples, and fetches maps of all examples.

    The gradients return to the rank that computed the maps, which sums them. Use
    `summed=False` if each rank has the whole gradient already.
    """

    def __init__(
        self,
        *maps: Sequence[tuple[int, int]],
        summed: bool = True,
        dim: int = 1,
        examples: bool = False,
    ) -> None:
        super().__init__()
        self.maps, self.summed, self.dim, self.examples = maps, summed, dim, examples
        self.received = 0

    def forward(self, x: Tensor) -> Tensor:
        there = distributed.get_world_size() if distributed.is_initialized() else 0
        if there != len(self.maps):
            raise RuntimeError(
                f"a process group of {there}, not {len(self.maps)} ranks"
            )
        return Exchange.apply(x, self)

    def places(self, owner: int, reader: int, owned: int) -> Tensor:
        """Of the maps that an owner has, the places of those that a reader fetches."""
        first = 0 if self.examples else owner * owned
        wanted = [torch.arange(*ends, device="cpu") for ends in self.maps[reader]]
        maps = torch.cat([torch.arange(0, device="cpu"), *wanted])
        return maps[(maps >= first) & (maps < first + owned)] - first

    def shapes(self, x: Tensor, places: Sequence[Tensor]) -> list[tuple[int, ...]]:
        """The shapes of what each rank has, if there are so many maps of each."""
        ranks, dim = len(self.maps), self.dim
        here = self.counts(len(x), ranks) if self.examples else (len(x),) * ranks
        return [
            (n, *x.shape[1:dim], len(at), *x.shape[dim + 1 :])
            for n, at in zip(here, places, strict=True)
        ]


class Exchange(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, fetch: Fetch) -> Tensor:
        rank, every, owned = (
            distributed.get_rank(),
            range(len(fetch.maps)),
            x.shape[fetch.dim],
        )
        ctx.fetch, ctx.shape = fetch, x.shape
        asked = [fetch.places(rank, reader, owned).to(x.device) for reader in every]
        wanted = [fetch.places(owner, rank, owned) for owner in every]
        sent = [x.index_select(fetch.dim, places) for places in asked]
        parts = swap(sent, fetch.shapes(x, wanted))
        fetch.received = sum(part.numel() for part in parts) - parts[rank].numel()
        return torch.cat(parts, dim=0 if fetch.examples else fetch.dim)

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        if torch.is_grad_enabled():
            raise RuntimeError("the gradient of a Fetch cannot be differentiated")
        fetch, own, rank = (
            ctx.fetch,
            upstream[0].new_zeros(ctx.shape),
            distributed.get_rank(),
        )
        if not fetch.summed:
            return own, None
        every, owned = range(len(fetch.maps)), ctx.shape[fetch.dim]
        asked = [fetch.places(rank, reader, owned).to(own.device) for reader in every]
        if fetch.examples:
            sent = upstream[0].split([*fetch.counts(len(own), len(every))])
        else:
            counts = [len(fetch.places(owner, rank, owned)) for owner in every]
            sent = upstream[0].split(counts, dim=fetch.dim)
        shapes = [
            (len(own), *own.shape[1 : fetch.dim], len(at), *own.shape[fetch.dim + 1 :])
            for at in asked
        ]
        for places, part in zip(asked, swap(sent, shapes), strict=True):
            own.index_add_(fetch.dim, places, part)
        return own, None


def swap(sent: Sequence[Tensor], shapes: Sequence[Sequence[int]]) -> list[Tensor]:
    """Send a tensor to each rank, and receive one of the given shape from each."""
    values, sizes = (
        torch.cat([part.reshape(-1) for part in sent]),
        [part.numel() for part in sent],
    )
    expected = [torch.Size(shape).numel() for shape in shapes]
    received = values.new_empty(sum(expected))
    distributed.all_to_all_single(received, values, expected, sizes)
    parts = received.split(expected)
    return [part.view(*shape) for part, shape in zip(parts, shapes, strict=True)]
