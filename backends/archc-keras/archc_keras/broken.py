"""Where a value was not finite first in a step: in which layer's output, or else in which weight's gradient."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from archc_keras.names import path_of
from archc_keras.replicas import dividing

Parts = Sequence[tuple[int, tuple[Any, ...]]]
"""Of each part of a batch, the number of examples on all replicas, and its inputs."""


def first_broken(model: Any, strategy: Any, parts: Parts, gradients: Any) -> str | None:
    """What was not finite first: `an output of conv2`; None if all is. `parts` and `gradients` are those of replicas.

    The forward pass is computed again, and leaves no trace: running statistics and seeds are as before.
    """
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    probe = keras.Model(model.inputs, [layer.output for layer in layers])
    kept = [(variable, variable.numpy()) for variable in model.non_trainable_variables]

    def outputs(count: int, *own: Any) -> Any:
        with dividing(count):
            return [_is_broken(each) for each in probe([*own], training=True)]

    every = [strategy.run(outputs, args=(count, *inputs)) for count, inputs in parts]
    for layer, *broken in zip(layers, *every, strict=True):
        if any(_any(strategy, each) for each in broken):
            found = f"an output of {path_of(layer.name)}"
            break
    else:
        found = _gradient(model, strategy, gradients)
    for variable, value in kept:
        variable.assign(value)
    return found


def _gradient(model: Any, strategy: Any, gradients: Any) -> str | None:
    """The last layer's weight with a gradient that is not finite, where the backward pass met it first."""
    for weight, gradient in reversed([*zip(model.trainable_variables, gradients, strict=True)]):
        parts = strategy.experimental_local_results(gradient)
        if any(part is not None and not np.isfinite(tf.convert_to_tensor(part)).all() for part in parts):
            return f"the gradient of {path_of(weight.path)}"
    return None


def _is_broken(values: Any) -> Any:
    return tf.reduce_any(tf.logical_not(tf.math.is_finite(tf.cast(values, tf.float32))))


def _any(strategy: Any, flags: Any) -> bool:
    return any(bool(each) for each in strategy.experimental_local_results(flags))
