"""A training step of the emitted Keras AlexNet on TensorFlow against the same with `groups=2` and `tf.nn.lrn`.

.venv/bin/python benchmarks/keras_step.py
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}

import keras
import tensorflow as tf
from emitted import emitted
from ratio import compare

BATCH, ROUNDS = 32, 5


class TensorFlowLrn(keras.layers.Layer):
    """TensorFlow's own normalisation, which costs the same with and without groups."""

    def call(self, x: Any) -> Any:
        return tf.nn.local_response_normalization(x, depth_radius=2, bias=2.0, alpha=2e-5, beta=0.75)


def by_hand(model: Any) -> Any:
    """The network with Keras' own grouped convolution and TensorFlow's own normalisation."""

    def clone(layer: Any) -> Any:
        match type(layer).__name__:
            case "GroupedConv2D":
                return keras.layers.Conv2D.from_config(layer.get_config())
            case "LocalResponseNorm":
                return TensorFlowLrn(name=layer.name)
            case _:
                return type(layer).from_config(layer.get_config())

    functional = keras.Model(model.inputs[0], model.outputs[0])
    return keras.models.clone_model(functional, clone_function=clone)


def step(model: Any) -> Callable[[], object]:
    """One step on random pictures."""
    images = tf.random.normal((BATCH, 227, 227, 3))
    labels = tf.random.uniform((BATCH,), maxval=1000, dtype=tf.int32)
    model.compile(
        keras.optimizers.SGD(1e-4, momentum=0.9), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    return lambda: model.train_on_batch(images, labels)


if __name__ == "__main__":
    model = emitted("keras").Alexnet()
    compare(step(model), step(by_hand(model)), rounds=ROUNDS, what=f"Keras on TensorFlow, a step of {BATCH}")
