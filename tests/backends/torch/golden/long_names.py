"""the_longest_name_that_the_language_allows_for_anything_is_this_1.

Input (N, 2, 12, 12), output (N, 4). 63,172 parameters, 201,344
multiply-accumulates per example. Run this file to check it.

Emitted by `archc build long_names.yaml --backend torch`; SHA-256 of
long_names.yaml: 7a4de4967b9519700b8394de27f2978136b31cbe94250a0d5b7e6218fc0d77c5.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import ReduceLROnPlateau


class TheLongestNameThatTheLanguageAllowsForAnythingIsThis1(nn.Module):
    """Calling the model returns logits; `predict` returns class probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self.the_longest_name_that_the_language_allows_for_anything_is_this_3_pad = (
            nn.ZeroPad2d((0, 1, 0, 1))
        )
        # 64 x 11 x 11
        self.the_longest_name_that_the_language_allows_for_anything_is_this_3 = (
            nn.Conv2d(2, 64, 3)
        )
        # 64 x 11 x 11
        self.the_longest_name_that_the_language_allows_for_anything_is_this_4 = (
            nn.ReLU()
        )
        # 15488
        self.the_longest_name_that_the_language_allows_for_anything_is_this_7 = (
            nn.Flatten()
        )
        # 4
        self.the_longest_name_that_the_language_allows_for_anything_is_this_8 = (
            nn.Linear(15488, 4)
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        he_normal(
            self.the_longest_name_that_the_language_allows_for_anything_is_this_3,
            bias=0.125,
        )
        he_normal(
            self.the_longest_name_that_the_language_allows_for_anything_is_this_8,
            bias=0,
        )

    def forward(
        self, the_longest_name_that_the_language_allows_for_anything_is_this_2: Tensor
    ) -> Tensor:
        x = self.the_longest_name_that_the_language_allows_for_anything_is_this_3_pad(
            the_longest_name_that_the_language_allows_for_anything_is_this_2
        )
        # 64 x 11 x 11
        x = self.the_longest_name_that_the_language_allows_for_anything_is_this_3(x)
        the_longest_name_that_the_language_allows_for_anything_is_this_3 = x
        # 64 x 11 x 11
        x = self.the_longest_name_that_the_language_allows_for_anything_is_this_4(
            the_longest_name_that_the_language_allows_for_anything_is_this_3
        )
        # 64 x 11 x 11
        x = the_longest_name_that_the_language_allows_for_anything_is_this_3 + x
        # 128 x 11 x 11
        x = torch.cat(
            (the_longest_name_that_the_language_allows_for_anything_is_this_3, x), dim=1
        )
        del the_longest_name_that_the_language_allows_for_anything_is_this_3
        # 15488
        x = self.the_longest_name_that_the_language_allows_for_anything_is_this_7(x)
        # 4
        x = self.the_longest_name_that_the_language_allows_for_anything_is_this_8(x)
        return x

    def predict(
        self, the_longest_name_that_the_language_allows_for_anything_is_this_2: Tensor
    ) -> Tensor:
        """Class probabilities: (N, 2, 12, 12) -> (N, 4)."""
        return nn.functional.softmax(
            evaluate(
                self, the_longest_name_that_the_language_allows_for_anything_is_this_2
            ),
            dim=1,
        )


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
    model = TheLongestNameThatTheLanguageAllowsForAnythingIsThis1()
    count = sum(p.numel() for p in model.parameters())
    assert count == 63_172, f"{count:,} parameters, not 63,172"
    output = model(torch.randn(2, 2, 12, 12))
    shape = tuple(output.shape)
    assert shape == (2, 4), f"output {shape}, not (2, 4)"
    loss = nn.functional.cross_entropy(output, torch.randint(4, (2,)))
    loss.backward()
    sgd(model).step()
    finite = all(p.isfinite().all() for p in model.parameters())
    assert finite, "weights are not finite"
    print(f"{type(model).__name__}: {count:,} parameters, loss {loss:.2f}")


if __name__ == "__main__":
    check()
