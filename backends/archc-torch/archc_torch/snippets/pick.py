"""Maps that a rank has already, in another order, for emitted source."""

from collections.abc import Sequence

import torch
from torch import Tensor, distributed, nn


class Pick(nn.Module):
    """Joins ranges of the maps of its inputs; each rank has its own list of them.

    A range is `(input, start, stop)`; `dim` is the axis of the maps.
    """

    def __init__(self, *ranges: Sequence[tuple[int, int, int]], dim: int = 1) -> None:
        super().__init__()
        self.ranges, self.dim = ranges, dim

    def forward(self, *inputs: Tensor) -> Tensor:
        own = self.ranges[distributed.get_rank()]
        parts = [inputs[of].narrow(self.dim, a, b - a) for of, a, b in own]
        if len(inputs) == len(parts) == 1:
            return parts[0]
        # Nothing of each input as well: the gradient of one that a rank does not read
        # must still take part in the exchange that returns it.
        nothing = [x.narrow(self.dim, 0, 0) for x in inputs]
        return torch.cat([*nothing, *parts], dim=self.dim)
