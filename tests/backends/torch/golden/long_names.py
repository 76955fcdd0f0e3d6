"""the_longest_name_that_the_language_allows_for_anything_is_this_1.

Emitted by archc for PyTorch. Input (N, 2, 12, 12), output (N, 4). 63,172 parameters,
201,344 multiply-accumulates an example.
"""

import torch
from torch import Tensor, nn


class TheLongestNameThatTheLanguageAllowsForAnythingIsThis1(nn.Module):
    """Logits from `forward`, class probabilities from `predict`."""

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
        for layer in (
            self.the_longest_name_that_the_language_allows_for_anything_is_this_3,
            self.the_longest_name_that_the_language_allows_for_anything_is_this_8,
        ):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.constant_(
            self.the_longest_name_that_the_language_allows_for_anything_is_this_3.bias,
            0.125,
        )
        nn.init.zeros_(
            self.the_longest_name_that_the_language_allows_for_anything_is_this_8.bias
        )

    def forward(
        self, the_longest_name_that_the_language_allows_for_anything_is_this_2: Tensor
    ) -> Tensor:
        the_longest_name_that_the_language_allows_for_anything_is_this_3 = self.the_longest_name_that_the_language_allows_for_anything_is_this_3(
            self.the_longest_name_that_the_language_allows_for_anything_is_this_3_pad(
                the_longest_name_that_the_language_allows_for_anything_is_this_2
            ),
        )  # 64 x 11 x 11
        the_longest_name_that_the_language_allows_for_anything_is_this_4 = (
            self.the_longest_name_that_the_language_allows_for_anything_is_this_4(
                the_longest_name_that_the_language_allows_for_anything_is_this_3
            )
        )  # 64 x 11 x 11
        the_longest_name_that_the_language_allows_for_anything_is_this_5 = (
            the_longest_name_that_the_language_allows_for_anything_is_this_3
            + the_longest_name_that_the_language_allows_for_anything_is_this_4
        )  # 64 x 11 x 11
        the_longest_name_that_the_language_allows_for_anything_is_this_6 = torch.cat(
            (
                the_longest_name_that_the_language_allows_for_anything_is_this_3,
                the_longest_name_that_the_language_allows_for_anything_is_this_5,
            ),
            dim=1,
        )  # 128 x 11 x 11
        the_longest_name_that_the_language_allows_for_anything_is_this_7 = (
            self.the_longest_name_that_the_language_allows_for_anything_is_this_7(
                the_longest_name_that_the_language_allows_for_anything_is_this_6
            )
        )  # 15488
        the_longest_name_that_the_language_allows_for_anything_is_this_8 = (
            self.the_longest_name_that_the_language_allows_for_anything_is_this_8(
                the_longest_name_that_the_language_allows_for_anything_is_this_7
            )
        )  # 4
        return the_longest_name_that_the_language_allows_for_anything_is_this_8

    def predict(
        self, the_longest_name_that_the_language_allows_for_anything_is_this_2: Tensor
    ) -> Tensor:
        """Class probabilities: (N, 2, 12, 12) -> (N, 4)."""
        return nn.functional.softmax(
            self(the_longest_name_that_the_language_allows_for_anything_is_this_2),
            dim=1,
        )


if __name__ == "__main__":
    model = TheLongestNameThatTheLanguageAllowsForAnythingIsThis1()
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{type(model).__name__}: {parameters:,} parameters")
