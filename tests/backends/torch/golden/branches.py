"""Branches – \"add\" and 'concat'.

Input (N, 4, 13, 12), outputs (N, 14), (N, 5, 7, 6). 3,553 parameters, 46,992
multiply-accumulates per example. Run this file to check it.

Emitted by `archc build branches.yaml --backend torch`; SHA-256 of branches.yaml:
9c67f87bf2f042d913136849b1bf0b73a155aef79abe89faf206ce12e3d652f4.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn.functional import pad


class TensorNet(nn.Module):
    """(N, 4, 13, 12) -> (N, 14), (N, 5, 7, 6)."""

    def __init__(self) -> None:
        super().__init__()
        self.class__pad = nn.ZeroPad2d((1, 0, 0, 2))
        self.class_ = nn.Conv2d(4, 6, 3)  # 6 x 13 x 11
        self.forward__ = nn.ReLU()  # 6 x 13 x 11
        self.training_ = SpatialLRN(3, alpha=0.5, beta=0.75, k=1)  # 6 x 13 x 11
        self.forward_ = LRN(4, alpha=0.5, beta=0.6, k=2, groups=2)  # 6 x 13 x 11
        self.torch_ = nn.Conv2d(6, 5, (1, 3), padding=(0, 1), bias=False)  # 5 x 13 x 11
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)  # 6 x 7 x 6
        self.side_pad = nn.ConstantPad2d((0, 2, 1, 1), float("-inf"))
        self.side = nn.MaxPool2d(3, stride=2)  # 5 x 7 x 6
        self.flat = nn.Flatten()  # 462
        self.tuple_ = nn.Linear(462, 7)  # 7
        self.nn_ = nn.Tanh()  # 7
        self.prob = nn.Softmax(dim=1)  # 14
        self.l_ = nn.Tanh()  # 5 x 7 x 6
        self.reset_parameters()

    def reset_parameters(self) -> None:
        he_normal(self.class_, bias=0.25)
        normal(self.torch_, std=0.2)
        normal(self.tuple_, std=0.05, bias=1)

    def forward(self, self_: Tensor) -> tuple[Tensor, ...]:
        x = self.class__pad(self_)
        x = self.class_(x)  # 6 x 13 x 11
        class_ = x
        x = self.forward__(class_)  # 6 x 13 x 11
        x = self.training_(x)  # 6 x 13 x 11
        training_ = x
        x = self.forward_(class_)  # 6 x 13 x 11
        x = training_ + x + class_  # 6 x 13 x 11
        add = x
        del training_, class_
        torch_ = self.torch_(add)  # 5 x 13 x 11
        x = self.pool(add)  # 6 x 7 x 6
        pool = x
        del add
        x = self.side_pad(torch_)
        del torch_
        x = self.side(x)  # 5 x 7 x 6
        side = x
        x = torch.cat((pool, side), dim=1)  # 11 x 7 x 6
        del pool
        x = self.flat(x)  # 462
        x = self.tuple_(x)  # 7
        tuple_ = x
        x = self.nn_(tuple_)  # 7
        x = torch.cat((tuple_, x), dim=1)  # 14
        del tuple_
        x = self.prob(x)  # 14
        prob = x
        l_ = self.l_(side)  # 5 x 7 x 6
        return prob, l_


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


class SpatialLRN(nn.Module):
    """Local response normalisation over size x size neighbours in the same map.

    (N, C, H, W) -> (N, C, H, W): y = x / (k + alpha / size^2 * sum of squares)^beta.
    Values beyond the edges count as zero. An even window has one more row above its
    centre and one more column to its left.
    """

    def __init__(self, size: int, alpha: float, beta: float, k: float) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, x: Tensor) -> Tensor:
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        before, after = self.size // 2, (self.size - 1) // 2
        squares = nn.functional.pad(wide.square(), (before, after, before, after))
        energy = nn.functional.avg_pool2d(squares, self.size, stride=1)
        return (wide * energy.mul(self.alpha).add(self.k).pow(-self.beta)).to(x.dtype)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


def normal(layer: nn.Conv2d | nn.Linear, std: float, bias: float = 0) -> None:
    """Draw weights from a normal distribution around 0; fill the biases with `bias`."""
    nn.init.normal_(layer.weight, std=std)
    if layer.bias is not None:
        nn.init.constant_(layer.bias, bias)


def he_normal(layer: nn.Conv2d | nn.Linear, bias: float = 0) -> None:
    """Draw normal weights of variance 2 / fan-in; fill the biases with `bias`."""
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    if layer.bias is not None:
        nn.init.constant_(layer.bias, bias)


def check() -> None:
    """Build the network, check its parameters, output shapes and gradients."""
    torch.manual_seed(0)
    model = TensorNet()
    count = sum(p.numel() for p in model.parameters())
    assert count == 3_553, f"{count:,} parameters, not 3,553"
    outputs = model(torch.randn(2, 4, 13, 12))
    shapes = [tuple(output.shape) for output in outputs]
    expected = [(2, 14), (2, 5, 7, 6)]
    assert shapes == expected, f"outputs {shapes}, not {expected}"
    loss = torch.stack([output.square().mean() for output in outputs]).sum()
    loss.backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert all(g.isfinite().all() for g in gradients), "gradients are not finite"
    print(f"{type(model).__name__}: {count:,} parameters, loss {loss:.2f}")


if __name__ == "__main__":
    check()
