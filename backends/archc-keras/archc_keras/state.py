"""What the next step depends on, kept as bytes: weights, the optimizer's variables, the seeds of layers."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from typing import Any

import numpy as np

from archc.training.saver import State
from archc_keras.weights import as_bytes, in_keras

SEEDS = "seeds"


def state_of(model: Any, optimizer: Any) -> State:
    """The state of a model and its optimizer."""
    from safetensors.numpy import save

    kept = {key: np.array(variable.numpy()) for key, variable in _kept(optimizer).items()}
    seeds: dict[str, Any] = {key: variable.numpy().tolist() for key, variable in _seeds(model).items()}
    return State(as_bytes(model), save(kept), {SEEDS: seeds})


def restore(state: State, model: Any, optimizer: Any) -> None:
    """Put a state into a model and its optimizer, which is built."""
    from safetensors.numpy import load

    weights = load(state.weights)
    for layer in model.layers:
        for variable in layer.weights:
            variable.assign(in_keras(layer, variable, weights))
    arrays = load(state.optimizer)
    for key, variable in _kept(optimizer).items():
        variable.assign(arrays[key])
    seeds: Any = state.random[SEEDS]
    for key, variable in _seeds(model).items():
        variable.assign(np.asarray(seeds[key], variable.dtype))


def _kept(optimizer: Any) -> dict[str, Any]:
    """What an optimizer keeps, in its order: the number of steps, and variables of each weight."""
    return {f"{index:04d}:{variable.path}": variable for index, variable in enumerate(optimizer.variables)}


def _seeds(model: Any) -> dict[str, Any]:
    """The states of the generators of layers, such as those of dropout."""
    weights = {id(variable) for variable in model.weights}
    others = (variable for variable in model.variables if id(variable) not in weights)
    return {f"{index:04d}:{variable.path}": variable for index, variable in enumerate(others)}
