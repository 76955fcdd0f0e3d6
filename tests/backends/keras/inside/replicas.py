"""Training on two replicas in float64: values, gradients, statistics and masks are those of one device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from archc.training.feed import Batch
from archc.training.job import Job
from archc.training.share import Share

pytestmark = pytest.mark.usefixtures("float64")

SOURCE = """
import keras
from archc_keras.snippets.batch_norm import BatchNorm
from archc_keras.snippets.momentum_sgd import MomentumSGD
from keras import initializers, layers


def normal():
    return initializers.RandomNormal(stddev=0.1)


def sgd():
    return MomentumSGD(0.001, momentum=0.9, weight_decay=0.1, undecayed=("bias",))


class Small(keras.Model):
    def __init__(self):
        image = keras.Input((32, 32, 3), name="image")
        x = layers.Conv2D(8, 5, strides=3, kernel_initializer=normal(), bias_initializer="ones", name="conv1")(image)
        x = BatchNorm(momentum=0.5, epsilon=1e-5, name="bn1")(x)
        y = layers.Conv2D(8, 3, padding="same", kernel_initializer=normal(), name="conv2")(x)
        y = BatchNorm(momentum=0.9, epsilon=1e-5, center=False, scale=False, name="bn2")(y)
        y = layers.Dropout(0.3, noise_shape=(None, 1, 1, 1), name="depth")(y)
        x = layers.Add(name="sum")([x, y])
        x = layers.Flatten(name="flat")(x)
        x = layers.Dense(16, kernel_initializer=normal(), name="fc3")(x)
        x = BatchNorm(momentum=0.8, epsilon=1e-3, name="bn3")(x)
        x = layers.Dropout(0.5, name="drop3")(x)
        x = layers.Dense(7, kernel_initializer=normal(), name="fc4")(x)
        super().__init__(image, x, name="small")
"""
STEPS = 4


def assert_near(found: Any, expected: Any, what: str = "") -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12, err_msg=what)


class Examples:
    """Random pictures far from zero, where a variance by E[x²] - E[x]² would lose digits; 13 are held out."""

    share = Share()
    normalisation = None

    def close(self) -> None:
        pass

    def __init__(self, batch: int) -> None:
        random = np.random.default_rng(4)
        self._inputs = random.normal(1000, 1, (STEPS, batch, 32, 32, 3))
        self._targets = random.integers(0, 7, (STEPS, batch))
        self._held_out = random.normal(1000, 1, (13, 2, 32, 32, 3)), random.integers(0, 7, 13)

    def training(self, epoch: int, first: int = 0) -> Any:
        for inputs, targets in zip(self._inputs, self._targets, strict=True):
            yield Batch((inputs,), targets, len(targets))

    def held_out(self, test: str) -> Any:
        inputs, targets = self._held_out
        for part in np.array_split(np.arange(13), 3):
            yield Batch((inputs[part],), targets[part], len(part))


def trained(job: Job, strategy: Any) -> Any:
    """The losses and hits, gradients, weights and scores of a few steps."""
    import keras
    from archc_keras.run import build
    from archc_keras.trainer import KerasTrainer

    (job.run / "small.py").write_text(SOURCE)
    keras.utils.set_random_seed(job.seed)
    model, optimizer, _ = build(job, strategy)
    training = KerasTrainer(job, model, optimizer, strategy, Examples(job.recipe.batch))
    losses = [training.step(batch, lr=1e-3).score for batch in training.batches(0)]
    weights = {
        f"{layer.name}.{variable.name}": [each.numpy() for each in strategy.experimental_local_results(variable.value)]
        for layer in model.layers
        for variable in layer.weights
    }
    velocities = [variable.numpy() for variable in optimizer.variables if variable.shape]
    return losses, weights, velocities, training.evaluate("ten_crop")


@pytest.mark.parametrize("batch", [6, 7])
def test_two_replicas_compute_what_one_device_does(
    make_job: Callable[..., Job], one: Any, two: Any, batch: int
) -> None:
    losses, weights, velocities, score = trained(make_job("one", devices=1, batch=batch), one)
    found = trained(make_job("two", batch=batch), two)
    assert_near(found[0], losses)
    assert losses[0].loss != losses[-1].loss
    assert {step.total for step in losses} == {batch} and max(step.top1 for step in losses) > 0
    for name, (expected,) in weights.items():
        for replica in found[1][name]:
            assert_near(replica, expected, name)
        first, second = found[1][name]
        np.testing.assert_array_equal(first, second, err_msg=name)
    # Momentum sums the gradients of all steps.
    for own, expected in zip(found[2], velocities, strict=True):
        assert_near(own, expected)
    assert (found[3].count, found[3].top1, found[3].top5) == (score.count, score.top1, score.top5)
    assert found[3].count == 13
    assert found[3].loss_sum == pytest.approx(score.loss_sum, rel=1e-10)
