"""ResNet-18 with few maps, under the names of torchvision.

Input (N, 3, 33, 33), output (N, 10). 56,554 parameters, 1,142,688
multiply-accumulates per example. Run this file to check it.

Emitted by `archc build residual.yaml --backend torch`; SHA-256 of residual.yaml:
46d1823b609d3cf51ce7bf094ca5293b9347b5c22443f0d64dccf64438eb4ecd.
"""

import torch
from torch import Tensor, nn


class Basic(nn.Module):
    """The spec's block basic, used as layer1.0 and 8 more."""

    def __init__(self, filters: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.relu2 = nn.ReLU()

    def forward(self, input: Tensor) -> Tensor:
        x = self.relu1(self.bn1(self.conv1(input)))
        x = self.bn2(self.conv2(x))
        x = x + input
        return self.relu2(x)


class Down(nn.Module):
    """The spec's block down, used as layer2.0 and 2 more."""

    def __init__(self, channels: int, filters: int, stride: int = 2) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.downsample = nn.Sequential(
            nn.Conv2d(channels, filters, 1, stride=stride, bias=False),
            nn.BatchNorm2d(filters),
        )
        self.relu2 = nn.ReLU()

    def forward(self, input: Tensor) -> Tensor:
        x = self.relu1(self.bn1(self.conv1(input)))
        x = self.bn2(self.conv2(x))
        bn2 = x
        x = self.downsample(input)
        x = bn2 + x
        del bn2
        return self.relu2(x)


class Residual(nn.Sequential):
    """Calling the model returns logits; `predict` returns class probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.relu = nn.ReLU()  # 8 x 17 x 17
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = nn.Sequential(*(Basic(8) for _ in range(3)))  # 8 x 9 x 9
        self.layer2 = nn.Sequential(Down(8, 12), Basic(12))  # 12 x 5 x 5
        self.layer3 = nn.Sequential(Down(12, 16), Basic(16))  # 16 x 3 x 3
        self.layer4 = nn.Sequential(
            Down(16, 20, stride=1), *(Basic(20) for _ in range(4))
        )  # 20 x 3 x 3
        self.flatten = nn.Flatten()  # 180
        self.fc = nn.Linear(180, 10)  # 10
        self.reset_parameters()

    def reset_parameters(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            elif isinstance(module, nn.BatchNorm2d):
                module.reset_parameters()
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.01)
                nn.init.zeros_(module.bias)

    def predict(self, image: Tensor) -> Tensor:
        """Class probabilities: (N, 3, 33, 33) -> (N, 10)."""
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


def check() -> None:
    """Build the network, check its parameters, output shapes and gradients."""
    torch.manual_seed(0)
    model = Residual()
    count = sum(p.numel() for p in model.parameters())
    assert count == 56_554, f"{count:,} parameters, not 56,554"
    output = model(torch.randn(2, 3, 33, 33))
    shape = tuple(output.shape)
    assert shape == (2, 10), f"output {shape}, not (2, 10)"
    loss = nn.functional.cross_entropy(output, torch.randint(10, (2,)))
    loss.backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert all(g.isfinite().all() for g in gradients), "gradients are not finite"
    print(f"{type(model).__name__}: {count:,} parameters, loss {loss:.2f}")


if __name__ == "__main__":
    check()
