"""A model's weights as every backend saves them: `conv1.weight` (O, I / groups, kH, kW), `fc6.weight` (out, in)."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archc.files import write_whole

Arrays = dict[str, NDArray[np.float32]]

CANONICAL = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}
"""Axes by rank: (kH, kW, I, O) -> (O, I, kH, kW), (in, out) -> (out, in), a bias as it is."""

NAMES = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "mean",
    "moving_variance": "variance",
}
"""Keras' names for what a layer holds, and those of every backend."""


def canonical(model: Any) -> Arrays:
    """What a Keras model has learned, running figures too, by the names of every backend, contiguous float32."""
    return {
        f"{layer.name}.{NAMES[variable.name]}": _canonical(variable.numpy())
        for layer in model.layers
        for variable in layer.weights
    }


def _canonical(array: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(array.transpose(CANONICAL[array.ndim]), np.float32)


def save(model: Any, path: Path) -> None:
    """Write a model's weights as safetensors; until all of them are on disk, whatever was there stays."""
    from safetensors.numpy import save as to_bytes

    # Not safetensors' own save_file, whose files only their owner can read.
    write_whole(path, to_bytes(canonical(model)))
