"""The variables of Keras' recurrent layers as all backends save them.

Saved gates are in PyTorch's order. That of an LSTM is Keras' too; Keras has the update gate of a GRU before the reset
gate, and both of its biases in one variable.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

_CELLS = ("lstm_cell", "gru_cell")
_NAMES = {"kernel": ("input_weight",), "recurrent_kernel": ("recurrent_weight",), "bias": ("input_bias",)}
_BIASES = ("input_bias", "recurrent_bias")


def is_recurrent(place: tuple[str, ...]) -> bool:
    """Whether a variable that is in these layers belongs to a recurrent one."""
    return bool(place) and place[-1] in _CELLS


def names(place: tuple[str, ...], variable: Any) -> tuple[str, ...]:
    """The parameters whose values a variable has."""
    way = "reverse_" if place[0].startswith("backward_") else ""
    has_both = variable.name == "bias" and len(variable.shape) == 2
    return tuple(way + name for name in (_BIASES if has_both else _NAMES[variable.name]))


def canonical(place: tuple[str, ...], variable: Any) -> dict[str, Any]:
    """A variable's values by the names of parameters, each (gates, …)."""
    array = _turned(place, variable.numpy())
    found = names(place, variable)
    return dict(zip(found, array if len(found) > 1 else (array.T,), strict=True))


def in_keras(place: tuple[str, ...], variable: Any, weights: Mapping[str, Any]) -> Any:
    """The values of a variable from those of its parameters."""
    values = [weights[name] for name in names(place, variable)]
    return _turned(place, np.stack(values) if len(values) > 1 else values[0].T)


def _turned(place: tuple[str, ...], array: Any) -> Any:
    """The gates of a GRU in the other order: the first two change places."""
    if place[-1] != "gru_cell":
        return array
    first, second, new = np.split(array, 3, axis=-1)
    return np.concatenate((second, first, new), axis=-1)
