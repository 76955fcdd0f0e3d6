"""Compares a network's outputs with the classes of pictures, for all backends alike.

A backend gives the outputs as they are. Everything after that is NumPy in float64, so that equal outputs are the same
score from every backend.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from archc.ops.properties import Loss
from archc.training.score import Score


def judged(outputs: NDArray[np.float32], targets: NDArray[Any], loss: Loss = "cross_entropy") -> Score:
    """The score of outputs (n, views, …, C) for targets: classes (n, …), or values (n, …, C) for one view.

    An output that is not finite gives a loss that is not finite, and never a hit.
    """
    if loss == "cross_entropy":
        return of_classes(log_probabilities(outputs), targets.ravel())
    values, wanted = outputs[:, 0].astype(np.float64), targets.astype(np.float64)
    with np.errstate(all="ignore"):
        if loss == "mean_squared_error":
            return Score(wanted.size, 0, 0, float(((values - wanted) ** 2).sum()), loss)
        # -t log p - (1 - t) log (1 - p) of the probability p = 1 / (1 + exp(-x)).
        losses = np.logaddexp(0, values) - wanted * values
    hits = int(np.count_nonzero(np.isfinite(values) & ((values > 0) == (wanted > 0.5))))
    return Score(wanted.size, hits, hits, float(losses.sum()), loss)


def log_probabilities(outputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """The logarithms of the probabilities of classes (n positions, C), given logits (n, views, …, C): means over views.

    They are NaN where an output is not finite.
    """
    # Each position is an example of its own: (n positions, views, C).
    n, views, *_, classes = outputs.shape
    logits = outputs.reshape(n, views, -1, classes).swapaxes(1, 2).reshape(-1, views, classes)
    with np.errstate(all="ignore"):
        # In logarithms: a probability that rounds to 0 still has its own loss.
        each = _log_softmax(logits.astype(np.float64), axis=2)
        most = each.max(1)
        means = most + np.log(np.exp(each - most[:, None]).mean(1))
    means[~np.isfinite(logits).all((1, 2))] = np.nan
    return means


def ranks(means: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many classes come before that of each example, by its log-probabilities (n, C).

    An example whose log-probabilities are not finite has a rank beyond that of any class.
    """
    own = means[np.arange(len(labels)), labels][:, None]
    earlier = np.less(np.arange(means.shape[1], dtype=np.int64), labels[:, None])
    before = np.count_nonzero(np.where(means == own, earlier, means > own), axis=1)
    return np.where(np.isnan(own[:, 0]), np.iinfo(np.int64).max, before)


def of_classes(means: NDArray[np.float64], labels: NDArray[np.int64]) -> Score:
    """The score of log-probabilities (n, C) for these classes (n,)."""
    found = ranks(means, labels)
    top1, top5 = (int(np.count_nonzero(found < k)) for k in (1, 5))
    return Score(len(labels), top1=top1, top5=top5, loss_sum=-float(means[np.arange(len(labels)), labels].sum()))


def _log_softmax(values: NDArray[np.float64], *, axis: int) -> NDArray[np.float64]:
    """The logarithms of the softmax along an axis."""
    shifted = values - values.max(axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))
