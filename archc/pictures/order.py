"""Which pictures make up which batch of an epoch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archc.failure import FINDING, Failure

ORDER, VIEW = 0, 1
"""What a random draw is for. Each takes its own seed: (seed, epoch, ORDER) and (seed, epoch, VIEW, index)."""


def batches(count: int, batch: int, *, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """A permutation of range(count) in whole batches; the tail that fills none is dropped."""
    if count < batch:
        raise Failure(f"{count} pictures do not fill one batch of {batch}", f"`--batch {count}` or less", FINDING)
    random = np.random.default_rng((seed, epoch, ORDER))
    order = random.permutation(count).astype(np.int64)
    return list(order[: count - count % batch].reshape(-1, batch))
