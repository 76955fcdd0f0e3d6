"""Compares a network's outputs with the classes of pictures, for all backends alike.

A backend gives the outputs as they are. Everything after that is NumPy in float64, so that equal outputs are the same
score from every backend.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from archc.training.score import Score


def judged(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> Score:
    """The score of logits (n, views, outputs) for pictures of these classes (n,), as `Score` defines it.

    A logit that is not finite gives a loss that is not finite, and never a hit.
    """
    finite = np.isfinite(logits).all((1, 2))
    with np.errstate(all="ignore"):
        # In logarithms: a probability that rounds to 0 still has its own loss.
        views = _log_softmax(logits.astype(np.float64), axis=2)
        most = views.max(1)
        means = most + np.log(np.exp(views - most[:, None]).mean(1))
    own = np.where(finite, means[np.arange(len(labels)), labels], np.nan)[:, None]
    earlier = np.less(np.arange(logits.shape[2], dtype=np.int64), labels[:, None])
    before = np.where(means == own, earlier, means > own)
    ranks = np.count_nonzero(before, axis=1)
    top1, top5 = (int(np.count_nonzero(finite & (ranks < k))) for k in (1, 5))
    return Score(len(labels), top1=top1, top5=top5, loss_sum=-float(own.sum()))


def _log_softmax(values: NDArray[np.float64], *, axis: int) -> NDArray[np.float64]:
    """The logarithms of the softmax along an axis."""
    shifted = values - values.max(axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))
