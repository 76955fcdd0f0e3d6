"""Windows.

Input (N, 3, 40, 37), output (N, 10). 3,424 parameters, 1,313,720
multiply-accumulates per example. Run this file to check it.

Emitted by `archc build windows.yaml --backend torch`; SHA-256 of windows.yaml:
eb0a8f0f457cc7a0aef390389f0d7e18ec3dc6a0087609adb1a3ab306bc5d968.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn


class Windows(nn.Sequential):
    """Calling the model returns logits; `predict` returns class probabilities."""

    sides: nn.Conv2d
    ceil: nn.Conv2d
    same_even: nn.Conv2d
    same_odd: nn.Conv2d
    dilated: nn.Conv2d
    same_strided: nn.Conv2d
    fc: nn.Linear

    def __init__(self) -> None:
        super().__init__(
            OrderedDict(
                sides_pad=nn.ZeroPad2d((1, 2, 3, 0)),
                sides=nn.Conv2d(3, 6, (4, 3)),  # 6 x 40 x 38
                # 8 x 40 x 13
                ceil=nn.Conv2d(6, 8, 3, stride=(1, 3), padding=1, groups=2),
                ceil_pad=nn.ReLU(),  # 8 x 40 x 13
                same_even_pad=nn.ZeroPad2d((1, 2, 0, 1)),
                same_even=nn.Conv2d(8, 8, (2, 4), groups=4),  # 8 x 40 x 13
                same_odd=nn.Conv2d(8, 6, 5, padding=2, bias=False),  # 6 x 40 x 13
                # 6 x 40 x 12
                dilated=nn.Conv2d(6, 6, (3, 2), padding=(2, 1), dilation=(2, 3)),
                same_strided_pad=nn.ZeroPad2d((1, 1, 0, 1)),
                same_strided=nn.Conv2d(6, 6, 3, stride=(2, 1)),  # 6 x 20 x 12
                pool_ceil=nn.MaxPool2d(2, stride=(3, 1)),  # 6 x 7 x 11
                pool_sides_pad=nn.ConstantPad2d((0, 2, 2, 1), float("-inf")),
                pool_sides=nn.MaxPool2d(3, stride=1),  # 6 x 8 x 11
                pool_wide_pad=nn.ConstantPad2d((1, 1, 3, 3), float("-inf")),
                pool_wide=nn.MaxPool2d((4, 3), stride=(2, 1)),  # 6 x 6 x 11
                pool_same_pad=nn.ConstantPad2d((0, 1, 0, 1), float("-inf")),
                pool_same=nn.MaxPool2d(2, stride=1),  # 6 x 6 x 11
                pool_apart=nn.MaxPool2d(1, stride=2),  # 6 x 3 x 6
                tanh=nn.Tanh(),  # 6 x 3 x 6
                flat=nn.Flatten(),  # 108
                drop=nn.Dropout(0.25),  # 108
                fc=nn.Linear(108, 10),  # 10
            ),
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        normal(self.sides, std=0.1, bias=0.5)
        normal(self.ceil, std=0.1, bias=0.5)
        normal(self.same_even, std=0.1, bias=0.5)
        normal(self.same_odd, std=0.1)
        he_normal(self.dilated, bias=0.5)
        normal(self.same_strided, std=0.1, bias=0.5)
        glorot_normal(self.fc, gain=0.1, bias=0)

    def predict(self, image: Tensor) -> Tensor:
        """Class probabilities: (N, 3, 40, 37) -> (N, 10)."""
        return nn.functional.softmax(evaluate(self, image), dim=1)


def evaluate(model: nn.Module, x: Tensor) -> Tensor:
    """Call the model in eval mode, without gradients; leave all modes as they were."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            return model(x)
    finally:
        for module, mode in modes:
            module.training = mode


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


def glorot_normal(
    layer: nn.Conv2d | nn.Linear, gain: float = 1, bias: float = 0
) -> None:
    """Draw normal weights of variance 2 gain² / (fan-in + fan-out); fill biases."""
    nn.init.xavier_normal_(layer.weight, gain)
    if layer.bias is not None:
        nn.init.constant_(layer.bias, bias)


def check() -> None:
    """Build the network, check its parameters, output shapes and gradients."""
    torch.manual_seed(0)
    model = Windows()
    count = sum(p.numel() for p in model.parameters())
    assert count == 3_424, f"{count:,} parameters, not 3,424"
    output = model(torch.randn(2, 3, 40, 37))
    shape = tuple(output.shape)
    assert shape == (2, 10), f"output {shape}, not (2, 10)"
    loss = nn.functional.cross_entropy(output, torch.randint(10, (2,)))
    loss.backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert all(g.isfinite().all() for g in gradients), "gradients are not finite"
    print(f"{type(model).__name__}: {count:,} parameters, loss {loss:.2f}")


if __name__ == "__main__":
    check()
