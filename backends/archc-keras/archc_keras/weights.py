"""A model's weights as all backends save them: `conv1.weight` (O, I / groups, kH, kW), `fc6.weight` (out, in)."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[np.float32]]

NAMES = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "scale": "weight",
    "moving_mean": "mean",
    "moving_variance": "variance",
}
"""Keras' names for a layer's variables, and the names that all backends save."""


def canonical(model: Any) -> Arrays:
    """A Keras model's trained arrays and running statistics by the saved names, as contiguous float32."""
    return {
        f"{layer.name}.{NAMES[variable.name]}": _canonical(variable.name, variable.numpy())
        for layer in model.layers
        for variable in layer.weights
    }


def order(name: str, rank: int) -> tuple[int, ...]:
    """The order of a variable's axes that all backends save.

    (kH, kW, I, O) -> (O, I, kH, kW) and (in, out) -> (out, in) for a kernel. Any other array has the axes of a value,
    with the channels last, or of its channels alone.
    """
    if name == "kernel":
        return (rank - 1, rank - 2, *range(rank - 2))
    return (rank - 1, *range(rank - 1))


def _canonical(name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(array.transpose(order(name, array.ndim)), np.float32)


def as_bytes(model: Any) -> bytes:
    """A model's weights as the bytes of a safetensors file."""
    from safetensors.numpy import save

    return save(canonical(model))
