"""Average pooling that does not count padded ends, for emitted source."""

from torch import Tensor, nn
from torch.nn.functional import avg_pool1d, pad


class PaddedAvgPool1d(nn.Module):
    """Average pooling of a padded sequence: (N, C, L) -> (N, C, L').

    The mean does not count the first and last positions, of which there are `rest`:
    left, right. Their values are zero.
    """

    def __init__(self, kernel: int, stride: int, rest: tuple[int, int]) -> None:
        super().__init__()
        self.kernel, self.stride, self.rest = kernel, stride, rest

    def forward(self, x: Tensor) -> Tensor:
        ones = pad(x.new_ones(x.shape[2] - sum(self.rest)), self.rest)
        shares = ones.unfold(0, self.kernel, self.stride).mean(1)
        return avg_pool1d(x, self.kernel, self.stride) / shares

    def extra_repr(self) -> str:
        return f"{self.kernel}, stride={self.stride}, rest={self.rest}"
