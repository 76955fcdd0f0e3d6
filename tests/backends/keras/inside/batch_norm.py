"""Batch normalisation through training steps against NumPy in float64; on PyTorch, against PyTorch's own too."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

EPSILON, MOMENTUM = 1e-3, 0.9
BATCHES = np.random.default_rng(3).normal(2, 3, size=(4, 5, 3, 4, 6))
"""Four batches of maps (5, 3, 4, 6), channels last."""

NEAR = 1e-12 if os.environ["KERAS_BACKEND"] == "tensorflow" else 1e-5
"""Elsewhere Keras' batch normalisation computes in float32, whatever it is told."""

pytestmark = pytest.mark.usefixtures("float64")


def trained() -> tuple[Any, list[Any]]:
    """A layer that has seen all batches, and what it made of each."""
    import keras
    from archc_keras.snippets.batch_norm import BatchNorm

    layer = BatchNorm(momentum=MOMENTUM, epsilon=EPSILON)
    return layer, [keras.ops.convert_to_numpy(layer(x, training=True)) for x in BATCHES]


def test_running_figures_keep_their_share_and_the_variance_is_unbiased() -> None:
    import keras

    layer, outputs = trained()
    mean, variance = np.zeros(6), np.ones(6)
    for x, y in zip(BATCHES, outputs, strict=True):
        values = x.reshape(-1, 6)
        normalised = (values - values.mean(0)) / np.sqrt(values.var(0) + EPSILON)
        np.testing.assert_allclose(y.reshape(-1, 6), normalised, rtol=NEAR, atol=NEAR)
        mean = MOMENTUM * mean + (1 - MOMENTUM) * values.mean(0)
        variance = MOMENTUM * variance + (1 - MOMENTUM) * values.var(0, ddof=1)
    np.testing.assert_allclose(layer.moving_mean.numpy(), mean, rtol=NEAR, atol=NEAR)
    np.testing.assert_allclose(layer.moving_variance.numpy(), variance, rtol=NEAR, atol=NEAR)

    x = BATCHES[0]
    tested: Any = keras.ops.convert_to_numpy(layer(x, training=False))
    np.testing.assert_allclose(tested, (x - mean) / np.sqrt(variance + EPSILON), rtol=NEAR, atol=NEAR)
    np.testing.assert_allclose(layer.moving_variance.numpy(), variance, rtol=NEAR, atol=NEAR)


def test_the_running_figures_are_pytorchs() -> None:
    if os.environ["KERAS_BACKEND"] != "torch":
        return  # PyTorch has no place in a process of TensorFlow's
    import torch

    theirs: Any = torch.nn.BatchNorm2d(6, eps=EPSILON, momentum=1 - MOMENTUM, dtype=torch.float64)
    layer, outputs = trained()
    for x, y in zip(BATCHES, outputs, strict=True):
        expected = theirs(torch.from_numpy(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        np.testing.assert_allclose(y, expected.detach().numpy(), rtol=NEAR, atol=NEAR)
    np.testing.assert_allclose(layer.moving_mean.numpy(), theirs.running_mean.numpy(), rtol=NEAR, atol=NEAR)
    np.testing.assert_allclose(layer.moving_variance.numpy(), theirs.running_var.numpy(), rtol=NEAR, atol=NEAR)
