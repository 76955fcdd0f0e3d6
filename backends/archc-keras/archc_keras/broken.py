"""Where a value was not finite first in a step: in which layer's output, or else in which weight's gradient."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from archc_keras.names import path_of


def first_broken(model: Any, strategy: Any, inputs: tuple[Any, ...], gradients: Any) -> str | None:
    """What was not finite first: `an output of conv2`; None if all is. `inputs` and `gradients` are those of replicas.

    The forward pass is computed again, and leaves no trace: running statistics and seeds are as before.
    """
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    probe = keras.Model(model.inputs, [layer.output for layer in layers])
    kept = [(variable, variable.numpy()) for variable in model.non_trainable_variables]

    def outputs(*own: Any) -> Any:
        return [_is_broken(each) for each in probe([*own], training=True)]

    for layer, broken in zip(layers, strategy.run(outputs, args=inputs), strict=True):
        if _any(strategy, broken):
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
