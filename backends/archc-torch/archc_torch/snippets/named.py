"""Weights of a file by the names of a model, for emitted source."""

from collections.abc import Mapping

from torch import Tensor


def named(weights: Mapping[str, Tensor], names: Mapping[str, str]) -> dict[str, Tensor]:
    """Weights by their keys in a `state_dict`, which has other names for some."""
    state: dict[str, Tensor] = {}
    for key, value in weights.items():
        layer, _, name = key.rpartition(".")
        state[names.get(key, f"{layer}.{names.get(name, name)}")] = value
    return state
