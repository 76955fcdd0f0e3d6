"""ResNet-18 with few maps, under the names of torchvision.

Input (N, 3, 33, 33), output (N, 10). 56,554 parameters, 1,142,688
multiply-accumulates per example. Run this file to check it.

Emitted by `archc build residual.yaml --backend torch`; SHA-256 of residual.yaml:
46d1823b609d3cf51ce7bf094ca5293b9347b5c22443f0d64dccf64438eb4ecd.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import ReduceLROnPlateau


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
        x = self.conv1(input)
        x = self.bn1(x)
        x = self.relu1(x)
        x = self.conv2(x)
        x = self.bn2(x)
        x = x + input
        x = self.relu2(x)
        return x


class Down(nn.Module):
    """The spec's block down, used as layer2.0 and 2 more."""

    def __init__(self, channels: int, filters: int, stride: int = 2) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            channels, filters, 3, stride=stride, padding=1, bias=False
        )
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
        x = self.conv1(input)
        x = self.bn1(x)
        x = self.relu1(x)
        x = self.conv2(x)
        x = self.bn2(x)
        bn2 = x
        x = self.downsample(input)
        x = bn2 + x
        del bn2
        x = self.relu2(x)
        return x


class Residual(nn.Sequential):
    """Calling the model returns logits; `predict` returns class probabilities."""

    def __init__(self) -> None:
        super().__init__(
            OrderedDict(
                # 8 x 17 x 17
                conv1=nn.Conv2d(3, 8, 7, stride=2, padding=3, bias=False),
                bn1=nn.BatchNorm2d(8),  # 8 x 17 x 17
                relu=nn.ReLU(),  # 8 x 17 x 17
                maxpool=nn.MaxPool2d(3, stride=2, padding=1),  # 8 x 9 x 9
                layer1=nn.Sequential(*(Basic(8) for _ in range(3))),  # 8 x 9 x 9
                layer2=nn.Sequential(Down(8, 12), Basic(12)),  # 12 x 5 x 5
                layer3=nn.Sequential(Down(12, 16), Basic(16)),  # 16 x 3 x 3
                # 20 x 3 x 3
                layer4=nn.Sequential(
                    Down(16, 20, stride=1), *(Basic(20) for _ in range(4))
                ),
                flatten=nn.Flatten(),  # 180
                fc=nn.Linear(180, 10),  # 10
            ),
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                he_normal(module)
            elif isinstance(module, nn.BatchNorm2d):
                module.reset_parameters()
            elif isinstance(module, nn.Linear):
                normal(module, std=0.01, bias=0)

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


class MomentumSGD(torch.optim.Optimizer):
    """SGD as in AlexNet: v <- momentum v - weight_decay lr w - lr g; w <- w + v.

    `torch.optim.SGD` applies lr outside v, so it differs once the rate changes.
    """

    def __init__(
        self, params: Any, lr: float, momentum: float, weight_decay: float
    ) -> None:
        figures = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(params, figures)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = None if closure is None else torch.enable_grad()(closure)()
        for group in self.param_groups:
            lr, decay = group["lr"], group["weight_decay"]
            for w in group["params"]:
                if w.grad is None:
                    continue
                if not (state := self.state[w]):
                    state["velocity"] = torch.zeros_like(w)
                v = state["velocity"].mul_(group["momentum"])
                w.add_(v.add_(w, alpha=-decay * lr).add_(w.grad, alpha=-lr))
        return loss


def sgd(model: nn.Module) -> MomentumSGD:
    """The spec's optimizer, with no weight decay on biases."""
    weights = [p for name, p in model.named_parameters() if not name.endswith(".bias")]
    biases = [p for name, p in model.named_parameters() if name.endswith(".bias")]
    groups = [{"params": weights}, {"params": biases, "weight_decay": 0}]
    return MomentumSGD(groups, lr=0.01, momentum=0.9, weight_decay=5e-4)


def plateau(optimizer: MomentumSGD) -> ReduceLROnPlateau:
    """The spec's schedule: call `step` with the held-out error after each epoch."""
    return ReduceLROnPlateau(
        optimizer, factor=0.1, patience=4, threshold=0, min_lr=1e-5, eps=0
    )


def check() -> None:
    """Build the network, check its parameters and output shapes, train one step."""
    torch.manual_seed(0)
    model = Residual()
    count = sum(p.numel() for p in model.parameters())
    assert count == 56_554, f"{count:,} parameters, not 56,554"
    output = model(torch.randn(2, 3, 33, 33))
    shape = tuple(output.shape)
    assert shape == (2, 10), f"output {shape}, not (2, 10)"
    loss = nn.functional.cross_entropy(output, torch.randint(10, (2,)))
    loss.backward()
    sgd(model).step()
    finite = all(p.isfinite().all() for p in model.parameters())
    assert finite, "weights are not finite"
    print(f"{type(model).__name__}: {count:,} parameters, loss {loss:.2f}")


if __name__ == "__main__":
    check()
