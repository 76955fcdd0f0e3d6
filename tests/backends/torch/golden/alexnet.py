"""AlexNet, two GPUs (Krizhevsky, Sutskever and Hinton, 2012).

Emitted by archc for PyTorch. Input (N, 3, 227, 227), output (N, 1000). 60,965,224
parameters, 724,406,816 multiply-accumulates an example.
"""

from collections import OrderedDict
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


class Alexnet(nn.Sequential):
    """Logits from `forward`, class probabilities from `predict`."""

    def __init__(self) -> None:
        super().__init__(
            OrderedDict(
                conv1=nn.Conv2d(3, 96, 11, stride=4),  # 96 x 55 x 55
                relu1=nn.ReLU(),  # 96 x 55 x 55
                norm1=LocalResponseNorm(
                    5, alpha=0.0001, beta=0.75, k=2.0, groups=2
                ),  # 96 x 55 x 55
                pool1=nn.MaxPool2d(3, stride=2),  # 96 x 27 x 27
                conv2=nn.Conv2d(96, 256, 5, padding=2, groups=2),  # 256 x 27 x 27
                relu2=nn.ReLU(),  # 256 x 27 x 27
                norm2=LocalResponseNorm(
                    5, alpha=0.0001, beta=0.75, k=2.0, groups=2
                ),  # 256 x 27 x 27
                pool2=nn.MaxPool2d(3, stride=2),  # 256 x 13 x 13
                conv3=nn.Conv2d(256, 384, 3, padding=1),  # 384 x 13 x 13
                relu3=nn.ReLU(),  # 384 x 13 x 13
                conv4=nn.Conv2d(384, 384, 3, padding=1, groups=2),  # 384 x 13 x 13
                relu4=nn.ReLU(),  # 384 x 13 x 13
                conv5=nn.Conv2d(384, 256, 3, padding=1, groups=2),  # 256 x 13 x 13
                relu5=nn.ReLU(),  # 256 x 13 x 13
                pool5=nn.MaxPool2d(3, stride=2),  # 256 x 6 x 6
                flat=nn.Flatten(),  # 9216
                fc6=nn.Linear(9216, 4096),  # 4096
                relu6=nn.ReLU(),  # 4096
                drop6=nn.Dropout(0.5),  # 4096
                fc7=nn.Linear(4096, 4096),  # 4096
                relu7=nn.ReLU(),  # 4096
                drop7=nn.Dropout(0.5),  # 4096
                fc8=nn.Linear(4096, 1000),  # 1000
            ),
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        for layer in (
            self.conv1,
            self.conv2,
            self.conv3,
            self.conv4,
            self.conv5,
            self.fc6,
            self.fc7,
            self.fc8,
        ):
            nn.init.normal_(layer.weight, std=0.01)
        for layer in (self.conv1, self.conv3, self.fc8):
            nn.init.zeros_(layer.bias)
        for layer in (self.conv2, self.conv4, self.conv5, self.fc6, self.fc7):
            nn.init.ones_(layer.bias)

    def predict(self, image: Tensor) -> Tensor:
        """Class probabilities: (N, 3, 227, 227) -> (N, 1000)."""
        return nn.functional.softmax(self(image), dim=1)


if __name__ == "__main__":
    model = Alexnet()
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{type(model).__name__}: {parameters:,} parameters")
