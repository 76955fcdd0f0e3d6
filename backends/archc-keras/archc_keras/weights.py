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
    "alpha": "weight",
    "beta": "bias",
    "scale": "weight",
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
    return array.transpose(_order(name, array.ndim))


def _order(name: str, rank: int) -> tuple[int, ...]:
    """The order of a variable's axes that all backends save.

    (…, I, O) -> (O, I, …) for a kernel, and the rows of an embedding are tokens in every framework. Any other array has
    the axes of a value, of which the channels are last, or of its channels alone.
    """
    if name == "kernel":
        return (rank - 1, rank - 2, *range(rank - 2))
    return tuple(range(rank)) if name == ROWS else (rank - 1, *range(rank - 1))


def in_keras(variable: Any, value: Any) -> Any:
    """A canonical array in the layout of a variable."""
    if variable.name in PER_MAP:
        return value.reshape(variable.shape)
    return value.transpose(np.argsort(_order(variable.name, value.ndim)))


def as_bytes(model: Any) -> bytes:
    """A model's weights as the bytes of a safetensors file."""
    from safetensors.numpy import save

    return save(canonical(model))
