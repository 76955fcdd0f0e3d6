"""Average pooling that does not count the edges of a padded map, for emitted source."""

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, pad


class AvgPool(nn.Module):
    """Average pooling of a padded map: (N, C, H, W) -> (N, C, H', W').

    The mean does not count the outermost rows and columns, of which there are `rest`:
    left, right, top, bottom. Their values are zero.
    """

    def __init__(
        self,
        kernel: tuple[int, int],
        stride: tuple[int, int],
        rest: tuple[int, int, int, int],
    ) -> None:
        super().__init__()
        self.kernel, self.stride, self.rest = kernel, stride, rest

    def forward(self, x: Tensor) -> Tensor:
        means = avg_pool2d(x, self.kernel, self.stride)
        left, right, top, bottom = self.rest
        means.div_(self.shares(x, 0, top, bottom)[:, None])
        return means.div_(self.shares(x, 1, left, right))

    def shares(self, x: Tensor, axis: int, before: int, after: int) -> Tensor:
        """The share of each window's rows or columns that counts."""
        ones = x.new_ones(x.shape[2 + axis] - before - after)
        kernel, stride = self.kernel[axis], self.stride[axis]
        return pad(ones, (before, after)).unfold(0, kernel, stride).mean(1)

    def extra_repr(self) -> str:
        return f"{self.kernel}, stride={self.stride}, rest={self.rest}"
