"""Splitting a network's weights among ranks and joining them, for emitted source."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from archc_torch.snippets.axis import axis


def column(state: Mapping[str, Tensor], rank: int, ranks: int) -> dict[str, Tensor]:
    """A rank's part of the whole network's `state_dict`."""
    parts = dict(state)
    for name, value in state.items():
        split = axis(name)
        if split is not None and value.ndim:
            parts[name] = value.chunk(ranks, split)[rank]
    return parts


def whole(columns: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The whole network's `state_dict`, joined from all ranks' in rank order."""
    joined = dict(columns[0])
    for name, value in joined.items():
        split = axis(name)
        if split is not None and value.ndim:
            joined[name] = torch.cat([state[name] for state in columns], split)
    return joined
