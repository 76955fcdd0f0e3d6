"""Splitting a network's weights among ranks and joining them, for emitted source."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor


def column(state: Mapping[str, Tensor], rank: int, ranks: int) -> dict[str, Tensor]:
    """A rank's part of the whole network's `state_dict`: the rows of its own maps."""
    return {n: t.chunk(ranks)[rank] if t.ndim else t for n, t in state.items()}


def whole(columns: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The whole network's `state_dict`, joined from all ranks' in rank order."""
    parts = {name: [state[name] for state in columns] for name in columns[0]}
    return {n: torch.cat(p) if p[0].ndim else p[0] for n, p in parts.items()}
