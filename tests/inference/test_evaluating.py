"""What an evaluation counts, for each loss."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest

from archc.failure import Failure
from archc.inference.evaluating import Tally
from archc.inference.outcome import ClassScore, Confused, Evaluation
from archc.training.judging import judged


def test_classes_are_counted_over_batches_as_the_score_counts_them() -> None:
    random = np.random.default_rng(0)
    outputs, labels = random.normal(size=(50, 10, 7)).astype(np.float32), random.integers(3, size=50)
    tally = Tally("cross_entropy")
    for part in (slice(0, 20), slice(20, 50)):
        tally.add(outputs[part], labels[part])
    found, score = tally.evaluation(50), judged(outputs, labels)
    assert (found.count, found.top1, found.top5, found.examples) == (50, score.top1, score.top5, 50)
    assert found.loss == pytest.approx(score.loss, rel=1e-12)
    assert [(each.index, each.count) for each in found.classes] == sorted(Counter(labels.tolist()).items())
    assert sum(each.top1 for each in found.classes) == found.top1
    assert sum(each.top5 for each in found.classes) == found.top5
    hits = {each.index: each.count for each in found.confusion if each.index == each.predicted}
    assert hits == {each.index: each.top1 for each in found.classes if each.top1}
    assert sum(each.count for each in found.confusion) == 50


def test_each_position_is_one_of_its_class() -> None:
    outputs = np.zeros((1, 1, 2, 2, 3), np.float32)
    outputs[0, 0, 0, 1, 2] = outputs[0, 0, 1, 0, 1] = 9
    tally = Tally("cross_entropy")
    tally.add(outputs, np.array([[[0, 2], [2, 1]]]))
    found = tally.evaluation(1)
    assert found.classes == (
        ClassScore(index=0, count=1, top1=1, top5=1),
        ClassScore(index=1, count=1, top1=0, top5=1),
        ClassScore(index=2, count=2, top1=1, top5=2),
    )
    assert found.confusion == (
        Confused(index=0, predicted=0, count=1),
        Confused(index=1, predicted=0, count=1),
        Confused(index=2, predicted=1, count=1),
        Confused(index=2, predicted=2, count=1),
    )


@pytest.mark.parametrize(
    ("loss", "targets", "expected"),
    [
        ("binary_cross_entropy", [[1, 0], [1, 1]], (3, None, math.log1p(math.exp(-1)) + 2 / 4)),
        ("mean_squared_error", [[1, 0], [1, 1]], (None, None, (0 + 1 + 0 + 4) / 4)),
    ],
)
def test_a_loss_without_classes_gives_what_it_has(
    loss: Any, targets: list[list[int]], expected: tuple[Any, ...]
) -> None:
    outputs = np.array([[[1, -1]], [[1, -1]]], np.float32)
    tally = Tally(loss)
    tally.add(outputs, np.array(targets, np.float32))
    found = tally.evaluation(2)
    top1, top5, mean = expected
    if loss == "binary_cross_entropy":
        mean = (3 * math.log1p(math.exp(-1)) + math.log1p(math.exp(1))) / 4
    assert found == Evaluation(loss_kind=loss, examples=2, count=4, top1=top1, top5=top5, loss=found.loss)
    assert found.loss == pytest.approx(mean)


def test_what_is_not_finite_is_a_failure() -> None:
    tally = Tally("cross_entropy")
    tally.add(np.array([[[1, np.nan]]], np.float32), np.array([0]))
    with pytest.raises(Failure, match="the loss is nan: the network's outputs are not finite"):
        tally.evaluation(1)
