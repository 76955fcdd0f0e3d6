"""How a batch is divided over ranks, for emitted source."""

from torch import nn


class Divided(nn.Module):
    """A layer that must know how the examples are divided over the ranks.

    `batch` is the number of examples on all ranks together; 0 if each has as many.
    """

    batch = 0

    def counts(self, here: int, ranks: int) -> list[int]:
        """The number of examples on each rank, if there are `here` on this one."""
        if self.batch == 0:
            return [here] * ranks
        ends = [rank * self.batch // ranks for rank in range(ranks + 1)]
        return [end - start for start, end in zip(ends, ends[1:], strict=False)]


def divide(model: nn.Module, batch: int) -> None:
    """Tell a model how many examples all ranks have together in the next batches."""
    for module in model.modules():
        if isinstance(module, Divided):
            module.batch = batch
