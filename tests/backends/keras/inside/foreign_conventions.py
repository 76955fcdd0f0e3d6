"""The conversions of the fields of TensorFlow and Keras compute what the frameworks compute themselves."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from fixed_layers import MAPS, fixed_op


@pytest.mark.parametrize(
    ("radius", "bias", "alpha", "beta"), [(2, 1.0, 2e-2, 0.75), (5, 2.0, 1.0, 0.5), (1, 0.5, 0.3, 1)]
)
def test_lrn_of_tensorflow(radius: int, bias: float, alpha: float, beta: float) -> None:
    body = f"{{op: local_response_normalization, depth_radius: {radius}, bias: {bias}, alpha: {alpha}, beta: {beta}}}"
    channels_last = tf.constant(MAPS.transpose(0, 2, 3, 1), tf.float32)
    theirs = tf.nn.local_response_normalization(channels_last, radius, bias, alpha, beta).numpy().transpose(0, 3, 1, 2)
    np.testing.assert_allclose(fixed_op(body).compute((MAPS,), {}), theirs, rtol=1e-5)


def test_momentum_of_keras() -> None:
    """A running mean that starts at 0 is (1 - momentum) mean after a step, in archc's sense of the word."""
    layer = tf.keras.layers.BatchNormalization(momentum=0.9)
    layer(tf.constant(MAPS.transpose(0, 2, 3, 1), tf.float32), training=True)
    momentum = vars(fixed_op("{op: BatchNormalization, epsilon: 1e-3, momentum: 0.9}"))["momentum"]
    moved = (1 - momentum) * MAPS.mean((0, 2, 3))
    np.testing.assert_allclose(layer.moving_mean.numpy(), moved, rtol=1e-4, atol=1e-6)


def test_dropout_of_tensorflow_1() -> None:
    kept = tf.compat.v1.nn.dropout(tf.ones([10_000]), keep_prob=0.8, seed=1).numpy()
    rate = vars(fixed_op("{op: dropout, keep_prob: 0.8}"))["rate"]
    assert abs((kept == 0).mean() - rate) < 0.02
