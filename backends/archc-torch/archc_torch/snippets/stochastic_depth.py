"""Stochastic depth, for emitted source."""

from torch import Tensor, nn


class StochasticDepth(nn.Module):
    """While training, sets an example to zero with probability `rate`.

    Divides the others by 1 - rate, as torchvision's `StochasticDepth(rate, "row")`.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x
        kept = 1 - self.rate
        factors = x.new_empty(len(x), *[1] * (x.ndim - 1)).bernoulli_(kept).div_(kept)
        return x * factors

    def extra_repr(self) -> str:
        return f"{self.rate}"
