"""Stochastic depth that does not depend on the number of ranks, for emitted source."""

from torch import Tensor, distributed

from archc_torch.snippets.counts import Divided


class SharedStochasticDepth(Divided):
    """While training, sets an example to zero with probability `rate`.

    Divides the others by 1 - rate. All ranks draw for all examples and use what they
    drew for their own, so they must have the same seed.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x
        rank, kept = distributed.get_rank(), 1 - self.rate
        counts = self.counts(len(x), distributed.get_world_size())
        factors = (
            x.new_empty(sum(counts), *[1] * (x.ndim - 1)).bernoulli_(kept).div_(kept)
        )
        return x * factors.narrow(0, sum(counts[:rank]), len(x))
