"""Local response normalisation over neighbouring maps, for emitted source.

A window of even size has one more map before its centre than after it, as in PyTorch.
In eager mode, forward and backward launch as many kernels as those of
`nn.functional.local_response_norm`, and on a CPU they are several times as fast. All
sums are of slices, so no value reaches a window that does not contain it.
"""
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false, reportUnnecessaryIsInstance=false
# pyright: reportPrivateUsage=false

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn.functional import pad


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
        is_graph = torch.compiler.is_compiling() or torch._C._is_tracing()
        if is_graph or isinstance(x, fx.Proxy):
            return self.definition(x)
        return Normalise.apply(x, self)

    def definition(self, x: Tensor) -> Tensor:
        """In operations that PyTorch can trace, compile and differentiate."""
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        maps = wide.permute(0, 2, 3, 1).unflatten(-1, (self.groups, -1))
        total = squares = maps.square()
        for step in range(1, self.before + 1):
            total = total + pad(squares, (step, 0))[..., :-step]
        for step in range(1, self.after + 1):
            total = total + pad(squares, (0, step))[..., step:]
        logarithm = torch.log(self.k + self.slope * total)  # a compiled power is slower
        y = maps * torch.exp(-self.beta * logarithm)
        return y.flatten(-2).permute(0, 3, 1, 2).to(x.dtype)

    def value(self, x: Tensor) -> Tensor:
        return self.divisor(x).pow_(-self.beta).mul_(x)

    def gradient(self, x: Tensor, upstream: Tensor) -> Tensor:
        d = self.divisor(x)
        direct = upstream * d.pow(-self.beta)
        spread = self.add_windows(torch.zeros_like(direct), direct / d, x, turned=True)
        return direct.addcmul_(spread, x, value=-2 * self.beta * self.slope)

    def divisor(self, x: Tensor) -> Tensor:
        return self.add_windows(torch.full_like(x, self.k), x, x, self.slope)

    def add_windows(
        self,
        total: Tensor,
        a: Tensor,
        b: Tensor,
        scale: float = 1,
        turned: bool = False,
    ) -> Tensor:
        """Add scale * a * b, summed over each map's window, to `total`.

        If `turned`, sum over the maps whose windows contain it.
        """
        back, ahead = (self.after, self.before) if turned else (self.before, self.after)
        shape = len(total), self.groups, -1, *total.shape[2:]
        sums, a, b = (t.view(shape) for t in (total, a, b))
        sums.addcmul_(a, b, value=scale)
        for step in range(1, back + 1):
            sums[:, :, step:].addcmul_(a[:, :, :-step], b[:, :, :-step], value=scale)
        for step in range(1, ahead + 1):
            sums[:, :, :-step].addcmul_(a[:, :, step:], b[:, :, step:], value=scale)
        return total


class Normalise(torch.autograd.Function):
    """LRN in eager mode. Saves only x: recomputing d is cheaper than storing it."""

    @staticmethod
    def forward(x: Tensor, norm: LRN) -> Tensor:
        return piecewise(norm.value, x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        x, ctx.norm = inputs
        ctx.save_for_backward(x)
        ctx.save_for_forward(x)

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        if torch.is_grad_enabled():  # the gradient may be differentiated in turn
            pull = torch.func.vjp(ctx.norm.definition, *ctx.saved_tensors)[1]
            return *pull(*upstream), None
        return piecewise(ctx.norm.gradient, *ctx.saved_tensors, *upstream), None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        (x,) = ctx.saved_tensors
        pull = torch.func.vjp(ctx.norm.definition, x)[1]
        # The derivative of `pull`, which is linear, is its transpose.
        return torch.func.vjp(pull, torch.zeros_like(x))[1](tangents[:1])[0]

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *inputs: Any) -> Any:
        x, norm = inputs
        batches = x.movedim(in_dims[0], 0)
        y = Normalise.apply(batches.flatten(0, 1), norm)
        return y.unflatten(0, batches.shape[:2]), 0


def piecewise(function: Callable[..., Tensor], *tensors: Tensor) -> Tensor:
    """Apply a function in float32 or wider; on a CPU, to a few examples at a time."""
    x, wide = tensors[0], torch.promote_types(tensors[0].dtype, torch.float32)
    if x.device.type != "cpu":
        return function(*(t.to(wide) for t in tensors)).to(x.dtype)
    count = max(1, 400_000 // x.shape[1:].numel())  # examples that fit in the caches
    result = torch.empty_like(tensors[-1])
    for start in range(0, len(x), count):
        part = slice(start, start + count)
        result[part] = function(*(t[part].to(wide) for t in tensors))
    return result
