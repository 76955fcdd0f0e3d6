"""The score of logits: ties, losses beyond any float32, and what is not finite."""

from __future__ import annotations

import math

import numpy as np
import pytest

from archc.training.judging import judged
from archc.training.score import Score


def test_a_score_is_that_of_the_mean_probabilities() -> None:
    logits = np.random.default_rng(5).normal(size=(200, 10, 9)).astype(np.float32)
    labels = np.arange(200) % 9
    odds = np.exp(logits.astype(np.float64))
    mean = (odds / odds.sum(2, keepdims=True)).mean(1)
    order = np.argsort(-mean, axis=1)
    score = judged(logits, labels)
    assert (score.count, score.top1) == (200, (order[:, 0] == labels).sum())
    assert score.top5 == (order[:, :5] == labels[:, None]).sum()
    assert score.loss_sum == pytest.approx(-np.log(mean[np.arange(200), labels]).sum(), rel=1e-12)


@pytest.mark.parametrize("views", [1, 10])
@pytest.mark.parametrize("outputs", [3, 7, 1000])
def test_of_equal_outputs_the_lower_class_comes_first(views: int, outputs: int) -> None:
    labels = np.arange(min(outputs, 20))
    score = judged(np.full((len(labels), views, outputs), 0.3, np.float32), labels)
    assert (score.top1, score.top5) == (1, min(outputs, 5))
    assert score.loss == pytest.approx(math.log(outputs))


def test_a_tie_behind_a_better_class() -> None:
    logits = np.array([2, 1, 1, 1, 1, 1, 0], np.float32)[None, None].repeat(7, axis=0)
    assert judged(logits, np.arange(7)) == Score(7, top1=1, top5=5, loss_sum=judged(logits, np.arange(7)).loss_sum)


def test_the_loss_of_a_picture_has_no_upper_limit() -> None:
    """The probability of this class is e^-10000, which neither float32 nor float64 can express."""
    logits = np.array([[[1e4, 0, 0]], [[0, 1e4, 0]]], np.float32)
    assert judged(logits, np.array([2, 2])).loss_sum == pytest.approx(2e4, rel=1e-12)
    # Nine of ten views are that certain of the mistake, the tenth is certain of the truth: its share is 1/10.
    views = np.tile(np.array([1e4, 0], np.float32), (1, 10, 1))
    views[0, 9] = (0, 1e4)
    assert judged(views, np.array([1])).loss_sum == pytest.approx(math.log(10), rel=1e-12)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("outputs", [2, 9])
def test_an_output_that_is_not_finite_is_no_hit_and_no_finite_loss(value: float, outputs: int) -> None:
    logits = np.zeros((2, 10, outputs), np.float32)
    logits[0, 3, 1] = value
    score = judged(logits, np.array([0, 0]))
    assert (score.count, score.top1, score.top5) == (2, 1, 1)
    assert not math.isfinite(score.loss)
