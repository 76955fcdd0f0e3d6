"""Times the emitted Keras AlexNet on TensorFlow. The baseline is the same network with `groups=2` and `tf.nn.lrn`.

    .venv/bin/python benchmarks/keras_step.py

It times a training step and inference, and norm1 and conv2 alone, in float32 and in bfloat16.
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

BATCH, ROUNDS = 64, 3

tf.get_logger().setLevel("ERROR")  # it warns about functions that it traces for several layers


class TensorFlowLrn(keras.layers.Layer):
    """TensorFlow's own normalisation. It costs the same with and without groups. It has no bfloat16 on a CPU."""

    def call(self, x: Any) -> Any:
        y = tf.nn.local_response_normalization(tf.cast(x, tf.float32), depth_radius=2, bias=2.0, alpha=2e-5, beta=0.75)
        return tf.cast(y, x.dtype)


def by_hand(model: Any) -> Any:
    """The baseline: the network with Keras' own grouped convolution and TensorFlow's own normalisation."""

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


def step(model: Any, optimizer: Any) -> Callable[[], object]:
    """A training step on random images."""
    images = tf.random.normal((BATCH, 227, 227, 3))
    labels = tf.random.uniform((BATCH,), maxval=1000, dtype=tf.int32)
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return lambda: model.train_on_batch(images, labels)


def inference(model: Any) -> Callable[[], object]:
    """Inference: the logits of random images."""
    images = tf.random.normal((BATCH, 227, 227, 3))
    return lambda: model.predict_on_batch(images)


def alone(layer: Any, *shape: int) -> Callable[[], object]:
    """The forward and backward pass of one layer, on random maps of this shape."""
    maps = tf.cast(tf.random.normal((BATCH, *shape)), layer.compute_dtype)

    @tf.function
    def gradient() -> Any:
        with tf.GradientTape() as tape:
            tape.watch(maps)
            total = tf.reduce_sum(layer(maps) ** 2)
        return tape.gradient(total, maps)

    return lambda: gradient()[0, 0, 0].numpy()


def measure(policy: str) -> None:
    keras.config.set_dtype_policy(policy)
    source = emitted("keras")
    ours = source.Alexnet()
    theirs = by_hand(ours)
    steps = step(ours, source.sgd()), step(theirs, keras.optimizers.SGD(0.01, momentum=0.9))
    compare(*steps, rounds=ROUNDS, what=f"Keras on TensorFlow, {policy}, a step of {BATCH}")
    compare(inference(ours), inference(theirs), rounds=ROUNDS, what=f"inference of {BATCH}, {policy}")
    for name, shape in (("norm1", (55, 55, 96)), ("conv2", (27, 27, 96))):
        layers = (alone(model.get_layer(name), *shape) for model in (ours, theirs))
        compare(*layers, rounds=ROUNDS, what=f"{name} alone, forward and backward, {policy}")


if __name__ == "__main__":
    for policy in ("float32", "mixed_bfloat16"):
        measure(policy)
