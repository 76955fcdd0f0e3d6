"""Each loss and its gradient in float64."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
from losses import SHAPES, case

from archc.ops.properties import Loss
from archc.training.judging import judged


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("loss", get_args(Loss))
def test_values_and_gradients(loss: Loss, shape: tuple[int, ...]) -> None:
    import tensorflow as tf
    from archc_keras.trainer import HITS, LOSSES

    expected = case(loss, shape)
    outputs: Any = tf.constant(expected.outputs)
    with tf.GradientTape() as tape:
        tape.watch(outputs)
        losses = LOSSES[loss](tf.constant(expected.targets), outputs)
        mean = tf.reduce_sum(losses) / losses.numpy().size
    assert float(mean) == pytest.approx(expected.loss, rel=1e-12)
    hits = HITS[loss](tf.constant(expected.targets), outputs).numpy()
    assert (hits.size, hits.sum()) == judged(expected.outputs.astype(np.float32)[:, None], expected.targets, loss).sums[
        :2
    ]
    np.testing.assert_allclose(tape.gradient(mean, outputs).numpy(), expected.gradient, rtol=1e-10, atol=1e-14)
