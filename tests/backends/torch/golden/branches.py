"""Branches – \"add\" and 'concat'.

Emitted by archc for PyTorch. Input (N, 4, 13, 12), output (N, 14) and (N, 5, 7, 6).
3,553 parameters, 46,992 multiply-accumulates an example.
"""

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


class SpatialResponseNorm(nn.Module):
    """Divides each value by the energy around it in its map.

    (N, C, H, W) -> (N, C, H, W): y = x / (k + alpha / size^2 * sum of squares)^beta,
    the sum running over size x size places; nothing lies beyond the edges.
    """

    def __init__(self, size: int, alpha: float, beta: float, k: float) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, x: Tensor) -> Tensor:
        wide = x if x.dtype == torch.float64 else x.float()
        before, after = self.size // 2, (self.size - 1) // 2
        squares = nn.functional.pad(wide.square(), (before, after, before, after))
        energy = nn.functional.avg_pool2d(squares, self.size, stride=1)
        return (wide * energy.mul(self.alpha).add(self.k).pow(-self.beta)).to(x.dtype)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class TensorNet(nn.Module):
    """(N, 4, 13, 12) -> (N, 14), (N, 5, 7, 6)."""

    def __init__(self) -> None:
        super().__init__()
        self.class__pad = nn.ZeroPad2d((1, 0, 0, 2))
        self.class_ = nn.Conv2d(4, 6, 3)  # 6 x 13 x 11
        self.forward__ = nn.ReLU()  # 6 x 13 x 11
        self.training_ = SpatialResponseNorm(
            3, alpha=0.5, beta=0.75, k=1.0
        )  # 6 x 13 x 11
        self.forward_ = LocalResponseNorm(
            4, alpha=0.5, beta=0.6, k=2.0, groups=2
        )  # 6 x 13 x 11
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
        nn.init.kaiming_normal_(self.class_.weight, nonlinearity="relu")
        nn.init.normal_(self.torch_.weight, std=0.2)
        nn.init.normal_(self.tuple_.weight, std=0.05)
        nn.init.constant_(self.class_.bias, 0.25)
        nn.init.ones_(self.tuple_.bias)

    def forward(self, self_: Tensor) -> tuple[Tensor, ...]:
        class_ = self.class_(self.class__pad(self_))  # 6 x 13 x 11
        forward__ = self.forward__(class_)  # 6 x 13 x 11
        training_ = self.training_(forward__)  # 6 x 13 x 11
        forward_ = self.forward_(class_)  # 6 x 13 x 11
        add = training_ + forward_ + class_  # 6 x 13 x 11
        torch_ = self.torch_(add)  # 5 x 13 x 11
        pool = self.pool(add)  # 6 x 7 x 6
        side = self.side(self.side_pad(torch_))  # 5 x 7 x 6
        cat = torch.cat((pool, side), dim=1)  # 11 x 7 x 6
        flat = self.flat(cat)  # 462
        tuple_ = self.tuple_(flat)  # 7
        nn_ = self.nn_(tuple_)  # 7
        both = torch.cat((tuple_, nn_), dim=1)  # 14
        prob = self.prob(both)  # 14
        l_ = self.l_(side)  # 5 x 7 x 6
        return (prob, l_)


if __name__ == "__main__":
    model = TensorNet()
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{type(model).__name__}: {parameters:,} parameters")
