"""the_longest_name_that_the_language_allows_for_anything_is_this_1.

Input (N, 2, 12, 12), output (N, 4). 63,172 parameters, 201,344
multiply-accumulates per example. Run this file to check it.

Emitted by `archc build long_names.yaml --backend torch`; SHA-256 of
long_names.yaml: 7a4de4967b9519700b8394de27f2978136b31cbe94250a0d5b7e6218fc0d77c5.
"""

import torch
from torch import Tensor, nn


class TheLongestNameThatTheLanguageAllowsForAnythingIsThis1(nn.Module):
    """Calling the model returns logits; `predict` returns class probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self.the_longest_name_that_the_language_allows_for_anything_is_this_3_pad = (
            nn.ZeroPad2d((0, 1, 0, 1))
        )
        self.the_longest_name_that_the_language_allows_for_anything_is_this_3 = (
            nn.Conv2d(2, 64, 3)
        )  # 64 x 11 x 11
        self.the_longest_name_that_the_language_allows_for_anything_is_this_4 = (
            nn.ReLU()
        )  # 64 x 11 x 11
        self.the_longest_name_that_the_language_allows_for_anything_is_this_7 = (
            nn.Flatten()
        )  # 15488
        self.the_longest_name_that_the_language_allows_for_anything_is_this_8 = (
            nn.Linear(15488, 4)
        )  # 4
        self.reset_parameters()

    def reset_parameters(self) -> None:
        he_normal(
            self.the_longest_name_that_the_language_allows_for_anything_is_this_3,
            bias=0.125,
        )
        glorot_normal(
            self.the_longest_name_that_the_language_allows_for_anything_is_this_8,
            gain=0.1,
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
        x = self.the_longest_name_that_the_language_allows_for_anything_is_this_4(
            the_longest_name_that_the_language_allows_for_anything_is_this_3
        )  # 64 x 11 x 11
        # 64 x 11 x 11
        x = the_longest_name_that_the_language_allows_for_anything_is_this_3 + x
        x = torch.cat(
            (the_longest_name_that_the_language_allows_for_anything_is_this_3, x), dim=1
        )  # 128 x 11 x 11
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
    model = TheLongestNameThatTheLanguageAllowsForAnythingIsThis1()
    count = sum(p.numel() for p in model.parameters())
    assert count == 63_172, f"{count:,} parameters, not 63,172"
    output = model(torch.randn(2, 2, 12, 12))
    shape = tuple(output.shape)
    assert shape == (2, 4), f"output {shape}, not (2, 4)"
    loss = nn.functional.cross_entropy(output, torch.randint(4, (2,)))
    loss.backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    assert all(g.isfinite().all() for g in gradients), "gradients are not finite"
    print(f"{type(model).__name__}: {count:,} parameters, loss {loss:.2f}")


if __name__ == "__main__":
    check()
