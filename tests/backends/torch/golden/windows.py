"""Windows.

Emitted by archc for PyTorch. Input (N, 3, 40, 37), output (N, 10). 3,424 parameters,
1,313,720 multiply-accumulates an example.
"""

from collections import OrderedDict

from torch import Tensor, nn


class Windows(nn.Sequential):
    """Logits from `forward`, class probabilities from `predict`."""

    def __init__(self) -> None:
        super().__init__(
            OrderedDict(
                sides_pad=nn.ZeroPad2d((1, 2, 3, 0)),
                sides=nn.Conv2d(3, 6, (4, 3)),  # 6 x 40 x 38
                ceil=nn.Conv2d(
                    6, 8, 3, stride=(1, 3), padding=1, groups=2
                ),  # 8 x 40 x 13
                ceil_pad=nn.ReLU(),  # 8 x 40 x 13
                same_even_pad=nn.ZeroPad2d((1, 2, 0, 1)),
                same_even=nn.Conv2d(8, 8, (2, 4), groups=4),  # 8 x 40 x 13
                same_odd=nn.Conv2d(8, 6, 5, padding=2, bias=False),  # 6 x 40 x 13
                dilated=nn.Conv2d(
                    6, 6, (3, 2), padding=(2, 1), dilation=(2, 3)
                ),  # 6 x 40 x 12
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
        for layer in (
            self.sides,
            self.ceil,
            self.same_even,
            self.same_odd,
            self.same_strided,
        ):
            nn.init.normal_(layer.weight, std=0.1)
        for layer in (self.dilated, self.fc):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        for layer in (
            self.sides,
            self.ceil,
            self.same_even,
            self.dilated,
            self.same_strided,
        ):
            nn.init.constant_(layer.bias, 0.5)
        nn.init.zeros_(self.fc.bias)

    def predict(self, image: Tensor) -> Tensor:
        """Class probabilities: (N, 3, 40, 37) -> (N, 10)."""
        return nn.functional.softmax(self(image), dim=1)


if __name__ == "__main__":
    model = Windows()
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{type(model).__name__}: {parameters:,} parameters")
