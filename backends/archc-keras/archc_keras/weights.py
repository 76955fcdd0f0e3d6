"""A model's weights as all backends save them: `conv1.weight` (O, I / groups, kH, kW), `fc6.weight` (out, in)."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archc_keras import recurrent
from archc_keras.names import path_of

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
"""The variable whose rows are tokens or positions, in every framework."""


def canonical(model: Any) -> Arrays:
    """A Keras model's trained arrays and running statistics by the saved names, as contiguous float32."""
    return {
        f"{path_of(layer.name)}.{name}": np.ascontiguousarray(value, np.float32)
        for layer in model.layers
        for variable in layer.weights
        for name, value in _named(layer, variable).items()
    }


def _named(layer: Any, variable: Any) -> dict[str, Any]:
    """A variable's values by the names of parameters; those of both biases of a gate are one variable."""
    place = _place(layer, variable)
    if recurrent.is_recurrent(place):
        return recurrent.canonical(place, variable)
    return {_name(place, variable.name): _ordered(variable.name, variable.numpy())}


def _place(layer: Any, variable: Any) -> tuple[str, ...]:
    """The layers inside of a layer of the model that lead to a variable: `qkv`."""
    return tuple(variable.path.removeprefix(f"{layer.name}/").split("/")[:-1])


def _name(place: tuple[str, ...], name: str) -> str:
    return ".".join((*place, NAMES[name]))


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


def in_keras(layer: Any, variable: Any, weights: Mapping[str, Any]) -> Any:
    """A variable's values in its own layout, from the arrays of a network."""
    place = _place(layer, variable)
    if recurrent.is_recurrent(place):
        own = {name: weights[f"{path_of(layer.name)}.{name}"] for name in recurrent.names(place, variable)}
        return recurrent.in_keras(place, variable, own)
    value = weights[f"{path_of(layer.name)}.{_name(place, variable.name)}"]
    if variable.name in PER_MAP:
        return value.reshape(variable.shape)
    return value.transpose(np.argsort(_order(variable.name, value.ndim)))


def as_bytes(model: Any) -> bytes:
    """A model's weights as the bytes of a safetensors file."""
    from safetensors.numpy import save

    return save(canonical(model))
