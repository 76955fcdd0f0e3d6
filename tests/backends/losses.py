"""Each loss and its gradient in NumPy float64, for outputs (n, …, C) with the channels last."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SHAPES = ((7,), (5, 3), (4, 6, 3))
"""Of a vector, a sequence and maps, with the channels last."""


class Case(NamedTuple):
    """Outputs, targets, the mean loss and its gradient by the outputs."""

    outputs: Array
    targets: NDArray[Any]
    loss: float
    gradient: Array


def case(loss: str, shape: tuple[int, ...], n: int = 6) -> Case:
    """A case of a loss for n examples whose outputs have a shape."""
    random = np.random.default_rng(len(shape))
    outputs = 3 * random.normal(size=(n, *shape))
    if loss == "cross_entropy":
        targets = random.integers(0, shape[-1], (n, *shape[:-1]))
        own = np.eye(shape[-1])[targets]
        odds = np.exp(outputs)
        p = odds / odds.sum(-1, keepdims=True)
        return Case(outputs, targets, float(-np.log((p * own).sum(-1)).mean()), (p - own) / targets.size)
    if loss == "binary_cross_entropy":
        targets = random.integers(0, 3, outputs.shape) / 2
        p = 1 / (1 + np.exp(-outputs))
        value = -(targets * np.log(p) + (1 - targets) * np.log(1 - p)).mean()
        return Case(outputs, targets, float(value), (p - targets) / targets.size)
    targets = random.normal(size=outputs.shape)
    return Case(outputs, targets, float(((outputs - targets) ** 2).mean()), 2 * (outputs - targets) / targets.size)
