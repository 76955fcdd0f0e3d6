"""The order of the examples in an epoch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
"""Numbers of examples."""

ORDER, VIEW = 0, 1
"""The purpose of a random draw, as a part of its seed: (seed, epoch, ORDER) or (seed, epoch, VIEW, index)."""


def batches(
    count: int, batch: int, *, seed: int, epoch: int, fixed: int | None = None, parts: int = 1
) -> list[Indices]:
    """A random permutation of range(count) in full batches. The last examples are dropped if they do not fill one.

    With `fixed`, the first so many batches of epoch 0 again and again, as many as an epoch has. `batch` is at most
    `count`, and `fixed` at most the number of batches: `archc.training.batch` has checked both. Of each batch, so many
    parts are in the list, one after the other, which differ by one example at most.
    """
    random = np.random.default_rng((seed, 0 if fixed else epoch, ORDER))
    order = random.permutation(count).astype(np.int64)
    found = list(order[: count - count % batch].reshape(-1, batch))
    whole = [found[index % fixed] for index in range(len(found))] if fixed else found
    return whole if parts == 1 else [part for each in whole for part in np.array_split(each, parts)]
