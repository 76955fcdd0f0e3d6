"""Dropout whose mask does not depend on the number of ranks, for emitted source."""

from torch import Tensor, distributed

from archc_torch.snippets.counts import Divided


class SharedDropout(Divided):
    """While training, sets values to zero with probability `rate`; scales the others.

    All ranks draw the mask of the whole tensor and use their part of it: `dim` is the
    axis that is divided over the ranks. So they must have the same seed. On CPUs, they
    drop what one process drops.
    """

    def __init__(self, rate: float, dim: int = 1) -> None:
        super().__init__()
        self.rate, self.dim = rate, dim

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x
        rank, ranks = distributed.get_rank(), distributed.get_world_size()
        here = x.shape[self.dim]
        counts = self.counts(here, ranks) if self.dim == 0 else (here,) * ranks
        shape = (*x.shape[: self.dim], sum(counts), *x.shape[self.dim + 1 :])
        kept = x.new_empty(shape).bernoulli_(1 - self.rate)
        own = kept.narrow(self.dim, sum(counts[:rank]), here).bool()
        return x * own * (1 / (1 - self.rate))
