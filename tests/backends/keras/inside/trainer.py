"""Steps and evaluations on two replicas: what SGD means, and what one device computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from archc.language.spec import TestViews
from archc.pictures.dataset import job_pictures, open_pictures
from archc.pictures.feed import Feed
from archc.training.job import Job
from archc.training.score import Score


def trainer(job: Job, strategy: Any) -> Any:
    """A trainer whose model begins with the job's own weights."""
    import keras
    from archc_keras.run import build
    from archc_keras.trainer import KerasTrainer

    pictures = job_pictures(job)
    statistics = open_pictures(job, pictures)
    keras.utils.set_random_seed(job.seed)
    return KerasTrainer(job, *build(job, strategy), strategy, Feed(job, pictures, statistics))


def trained(job: Job, strategy: Any) -> tuple[list[float], dict[str, Any], Score]:
    """The losses of an epoch, the weights after it, and what they score."""
    from safetensors.numpy import load_file

    training = trainer(job, strategy)
    losses = [training.step(batch, lr) for batch, lr in zip(training.batches(0), (1e-3, 1e-3, 1e-4, 1e-3), strict=True)]
    training.save(job.weights)
    return losses, load_file(job.weights), training.evaluate("ten_crop")


def test_two_replicas_train_what_one_device_does(make_job: Callable[..., Job], one: Any, two: Any) -> None:
    alone, shared = trained(make_job("one", devices=1), one), trained(make_job("two"), two)
    assert alone[0] == pytest.approx(shared[0], rel=1e-5)
    assert alone[0][0] != pytest.approx(alone[0][-1], rel=1e-2)
    for name, array in alone[1].items():
        np.testing.assert_allclose(shared[1][name], array, rtol=1e-4, atol=1e-6, err_msg=name)
    assert (shared[2].count, shared[2].top1, shared[2].top5) == (alone[2].count, alone[2].top1, alone[2].top5)
    assert shared[2].loss == pytest.approx(alone[2].loss, rel=1e-4)


@pytest.mark.parametrize(("test", "views"), [("center", 1), ("ten_crop", 10)])
def test_each_held_out_picture_counts_once(make_job: Callable[..., Job], two: Any, test: TestViews, views: int) -> None:
    job = make_job("tail")
    training = trainer(job, two)
    batches = list(training._feed.held_out(test))
    images = np.concatenate([batch.images for batch in batches])
    labels = np.concatenate([batch.labels for batch in batches])
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


def test_equal_scores_are_no_hit_for_every_class(make_job: Callable[..., Job], two: Any) -> None:
    training = trainer(make_job("dead"), two)
    head = training._model.get_layer("fc4")
    head.kernel.assign(np.zeros((16, 7)))
    score = training.evaluate("center")
    assert score.top1 == 4, "the first class, and not all that share its probability"


def test_a_certain_mistake_costs_a_finite_loss(make_job: Callable[..., Job], two: Any) -> None:
    training = trainer(make_job("certain"), two)
    training._model.get_layer("fc4").bias.assign([1000.0, 0, 0, 0, 0, 0, 0])
    score = training.evaluate("center")
    mistakes = score.count - score.top1
    assert score.loss_sum == pytest.approx(-mistakes * np.log(np.finfo(np.float32).tiny), rel=1e-3)


def test_replicas_drop_different_units(make_job: Callable[..., Job], two: Any) -> None:
    import tensorflow as tf

    training = trainer(make_job("dropout", rate=0.5), two)
    drop = training._model.get_layer("drop3")

    @tf.function
    def masks() -> Any:
        return two.run(lambda: drop(tf.ones((1, 64)), training=True))

    first, second = (mask.numpy() for mask in two.experimental_local_results(masks()))
    assert (first != second).any()


def test_running_figures_are_the_mean_of_what_each_replica_found_in_its_own_part(
    make_job: Callable[..., Job], two: Any
) -> None:
    from safetensors.numpy import load_file

    training = trainer(job := make_job("normalised", normalised=True), two)
    (batch, *_) = training.batches(0)
    conv1, bn1 = (training._model.get_layer(name) for name in ("conv1", "bn1"))
    maps = [conv1(images).numpy().reshape(-1, 8) for images in two.experimental_local_results(batch[0])]
    assert len(maps) == 2
    training.step(batch, 1e-3)
    training.save(job.weights)
    saved = load_file(job.weights)
    np.testing.assert_allclose(saved["bn1.mean"], 0.5 * np.mean([m.mean(0) for m in maps], 0), rtol=1e-4, atol=1e-4)
    variance = np.mean([m.var(0, ddof=1) for m in maps], 0)
    np.testing.assert_allclose(saved["bn1.variance"], 0.5 + 0.5 * variance, rtol=1e-4)
    for local in two.experimental_local_results(bn1.moving_variance.value):
        np.testing.assert_array_equal(local.numpy(), saved["bn1.variance"])
