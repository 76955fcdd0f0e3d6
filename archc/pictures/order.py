"""Which pictures make up which batch of an epoch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archc.training.failure import FINDING, RunFailure


def batches(count: int, batch: int, *, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """A permutation of range(count) in whole batches; the tail that fills none is dropped."""
    if count < batch:
        raise RunFailure(f"{count} pictures do not fill one batch of {batch}", f"`--batch {count}` or less", FINDING)
    order = np.random.default_rng((seed, epoch)).permutation(count).astype(np.int64)
    return list(order[: count - count % batch].reshape(-1, batch))
