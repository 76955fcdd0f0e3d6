"""How a batch is divided over ranks, for emitted source."""

from torch import nn


class Divided(nn.Module):
    """A layer that must know how the examples are divided over the ranks."""

    sizes: tuple[int, ...] = ()

    def counts(self, here: int, ranks: int) -> tuple[int, ...]:
        """The number of examples on each rank, if there are `here` on this one."""
        return self.sizes or (here,) * ranks


def divide(model: nn.Module, *sizes: int) -> None:
    """Tell a model how many examples each rank has; otherwise, each has as many."""
    for module in model.modules():
        if isinstance(module, Divided):
            module.sizes = sizes
