"""A model's weights as all backends save them: `conv1.weight` (O, I / groups, kH, kW), `fc6.weight` (out, in)."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[np.float32]]

CANONICAL = {4: (3, 2, 0, 1), 3: (2, 1, 0), 2: (1, 0), 1: (0,)}
"""The order of axes by an array's rank: (kH, kW, I, O) -> (O, I, kH, kW), (k, I, O) -> (O, I, k), (in, out) ->
(out, in), a bias as it is."""

NAMES = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "alpha": "weight",
    "beta": "bias",
    "moving_mean": "mean",
    "moving_variance": "variance",
    "embeddings": "weight",
}
"""Keras' names for a layer's variables, and the names that all backends save."""

PER_MAP = ("alpha",)
"""Variables with a number per map, whatever their shape."""

ROWS = "embeddings"
"""The variable whose rows are tokens, in every framework."""


def canonical(model: Any) -> Arrays:
    """A Keras model's trained arrays and running statistics by the saved names, as contiguous float32."""
    return {
        f"{layer.name}.{NAMES[variable.name]}": _canonical(variable)
        for layer in model.layers
        for variable in layer.weights
    }


def _canonical(variable: Any) -> NDArray[np.float32]:
    array = variable.numpy()
    return np.ascontiguousarray(_ordered(variable.name, array), np.float32)


def _ordered(name: str, array: Any) -> Any:
    """A variable's values in the canonical order of axes."""
    if name in PER_MAP:  # a number per map, which Keras shapes as (1, 1, C)
        return array.reshape(-1)
    # The rows of an embedding are tokens in every framework.
    return array if name == ROWS else array.transpose(CANONICAL[array.ndim])


def in_keras(variable: Any, value: Any) -> Any:
    """A canonical array in the layout of a variable."""
    if variable.name in PER_MAP:
        return value.reshape(variable.shape)
    if variable.name == ROWS:
        return value
    return value.transpose(np.argsort(CANONICAL[value.ndim]))


def as_bytes(model: Any) -> bytes:
    """A model's weights as the bytes of a safetensors file."""
    from safetensors.numpy import save

    return save(canonical(model))
