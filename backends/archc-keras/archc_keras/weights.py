"""A model's weights as all backends save them: `conv1.weight` (O, I / groups, kH, kW), `fc6.weight` (out, in)."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[np.float32]]

CANONICAL = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}
"""The order of axes by an array's rank: (kH, kW, I, O) -> (O, I, kH, kW), (in, out) -> (out, in), a bias as it is."""

NAMES = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "mean",
    "moving_variance": "variance",
    "embeddings": "weight",
}
"""Keras' names for a layer's variables, and the names that all backends save."""


def canonical(model: Any) -> Arrays:
    """A Keras model's trained arrays and running statistics by the saved names, as contiguous float32."""
    return {
        f"{layer.name}.{NAMES[variable.name]}": _canonical(variable)
        for layer in model.layers
        for variable in layer.weights
    }


def _canonical(variable: Any) -> NDArray[np.float32]:
    array = variable.numpy()
    # The rows of an embedding are tokens in every framework.
    turned = array if variable.name == "embeddings" else array.transpose(CANONICAL[array.ndim])
    return np.ascontiguousarray(turned, np.float32)


def as_bytes(model: Any) -> bytes:
    """A model's weights as the bytes of a safetensors file."""
    from safetensors.numpy import save

    return save(canonical(model))
