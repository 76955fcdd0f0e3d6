"""Steps and evaluations on two replicas: what SGD means, and what one device computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from normalisations import normalisations

from archc.language.recipe import TestViews
from archc.pictures.dataset import job_pictures, open_pictures
from archc.pictures.feed import PictureFeed
from archc.training.job import Job
from archc.training.score import Score


def trainer(job: Job, strategy: Any) -> Any:
    """A trainer whose model begins with the job's own weights."""
    import keras
    from archc_keras.run import build
    from archc_keras.trainer import KerasTrainer

    pictures, statistics = open_pictures(job, job_pictures(job))
    keras.utils.set_random_seed(job.seed)
    model, optimizer, criterion = build(job, strategy)
    return KerasTrainer(job, model, optimizer, strategy, PictureFeed(job, pictures, statistics), criterion)


def trained(job: Job, strategy: Any) -> tuple[list[float], dict[str, Any], Score]:
    """The losses of an epoch, the weights after it, and what they score."""
    from safetensors.numpy import load

    training = trainer(job, strategy)
    losses = [
        training.step(batch, lr).score.loss
        for batch, lr in zip(training.batches(0), (1e-3, 1e-3, 1e-4, 1e-3), strict=True)
    ]
    return losses, load(training.weights()), training.evaluate("ten_crop")


def test_two_replicas_train_what_one_device_does(make_job: Callable[..., Job], one: Any, two: Any) -> None:
    alone, shared = trained(make_job("one", devices=1), one), trained(make_job("two"), two)
    assert alone[0] == pytest.approx(shared[0], rel=1e-5)
    assert alone[0][0] != pytest.approx(alone[0][-1], rel=1e-2)
    for name, array in alone[1].items():
        np.testing.assert_allclose(shared[1][name], array, rtol=1e-4, atol=1e-6, err_msg=name)
    assert (shared[2].count, shared[2].top1, shared[2].top5) == (alone[2].count, alone[2].top1, alone[2].top5)
    assert shared[2].loss == pytest.approx(alone[2].loss, rel=1e-4)


def _floats(training: Any, batch: Any) -> Any:
    """The views (n, views, h, w, C) of held-out pictures, as the network reads them."""
    pixels, places = batch.inputs
    return training._feed.normalisation.apply(pixels.reshape(-1, 32, 32, 3), places.reshape(-1, 3)).reshape(
        pixels.shape
    )


def test_pictures_in_bytes_become_what_numpy_computes_to_the_bit(make_job: Callable[..., Job], two: Any) -> None:
    import tensorflow as tf
    from archc_keras.normaliser import Normaliser

    for normalisation, parts, expected in normalisations():
        found = tf.function(Normaliser(normalisation))(*map(tf.constant, parts))
        np.testing.assert_array_equal(found.numpy(), expected)
    training = trainer(make_job("bits"), two)
    read = tf.function(lambda *shares: two.run(lambda *arrays: training._inputs(*arrays[:-1])[0], args=shares))
    for (shares,), batch in zip(training.batches(0, 0), training._feed.training(0), strict=True):
        found = np.concatenate([part.numpy() for part in two.experimental_local_results(read(*shares))])
        np.testing.assert_array_equal(found, training._feed.normalisation.apply(*batch.inputs))


@pytest.mark.parametrize(("test", "views"), [("center", 1), ("ten_crop", 10)])
def test_each_held_out_picture_counts_once(make_job: Callable[..., Job], two: Any, test: TestViews, views: int) -> None:
    job = make_job("tail")
    training = trainer(job, two)
    batches = list(training._feed.held_out(test))
    images = np.concatenate([_floats(training, batch) for batch in batches])
    labels = np.concatenate([batch.targets for batch in batches])
    assert len(labels) == 13, "odd, so that two replicas need a blank"

    logits = np.asarray(training._model(images.reshape(-1, 32, 32, 3)), np.float64)
    odds = np.exp(logits - logits.max(-1, keepdims=True))
    probabilities = (odds / odds.sum(-1, keepdims=True)).reshape(13, views, 7).mean(1)
    order = np.argsort(-probabilities, axis=1)
    score = training.evaluate(test)
    assert score.count == 13
    assert score.top1 == (order[:, 0] == labels).sum()
    assert score.top5 == (order[:, :5] == labels[:, None]).sum()
    assert score.loss_sum == pytest.approx(-np.log(probabilities[np.arange(13), labels]).sum(), rel=1e-4)


@pytest.mark.parametrize("test", ["center", "ten_crop"])
def test_of_equal_outputs_the_lower_class_comes_first(make_job: Callable[..., Job], two: Any, test: TestViews) -> None:
    """The same as in PyTorch's trainer: of seven outputs, five are hits, and the first is the best."""
    training = trainer(make_job("dead"), two)
    training._model.get_layer("fc4").kernel.assign(np.zeros((16, 7)))
    score = training.evaluate(test)
    assert (score.count, score.top1, score.top5) == (13, 4, 13)
    training._model.get_layer("fc4").bias.assign([0, 1, 1, 1, 1, 1, 1])
    score = training.evaluate(test)
    assert (score.top1, score.top5) == (4, 9), "green leads six equal classes, blue comes after them"


def test_the_loss_of_a_picture_has_no_upper_limit(make_job: Callable[..., Job], two: Any) -> None:
    training = trainer(make_job("certain"), two)
    training._model.get_layer("fc4").kernel.assign(np.zeros((16, 7)))
    training._model.get_layer("fc4").bias.assign([1000.0, 0, 0, 0, 0, 0, 0])
    assert training.evaluate("ten_crop").loss_sum == pytest.approx(9 * 1000)


def test_what_is_not_finite_is_seen_on_each_replica(make_job: Callable[..., Job], two: Any) -> None:
    training = trainer(make_job("normalised", normalised=True), two)
    assert training.finite()
    variance = training._model.get_layer("bn1").moving_variance
    two.experimental_local_results(variance.value)[1].assign(np.full(8, np.inf))
    assert not training.finite()


def test_replicas_drop_different_units(make_job: Callable[..., Job], two: Any) -> None:
    import tensorflow as tf
    from archc_keras.replicas import dividing

    training = trainer(make_job("dropout", rate=0.5), two)
    drop = training._model.get_layer("drop3")

    def mask() -> Any:
        with dividing(2):
            return drop(tf.ones((1, 64)), training=True)

    @tf.function
    def masks() -> Any:
        return two.run(mask)

    first, second = (mask.numpy() for mask in two.experimental_local_results(masks()))
    assert (first != second).any()
