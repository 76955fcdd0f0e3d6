"""The scores of weights as text and as CSV, and the predictions for pictures."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from archc.inference.outcome import ClassScore, Confused, Evaluation, Guess, Prediction
from archc.report.evaluation import confusion, evaluation
from archc.report.predictions import predictions

FOUND = Evaluation(
    loss_kind="cross_entropy",
    examples=1200,
    count=1200,
    top1=1100,
    top5=1200,
    loss=0.51234,
    classes=(ClassScore(index=0, count=1000, top1=1000, top5=1000), ClassScore(index=2, count=200, top1=100, top5=200)),
    confusion=(
        Confused(index=0, predicted=0, count=1000),
        Confused(index=2, predicted=2, count=100),
        Confused(index=2, predicted=9, count=100),
    ),
)


def name(index: int) -> str:
    return ["tabby cat", "dog", 'a "bird", é'][index] if index < 3 else f"output {index}"


def test_the_table_ends_in_the_totals() -> None:
    assert evaluation(FOUND, name, example="picture", width=80).splitlines() == [
        "class        pictures    top-1    top-5",
        "tabby cat       1,000  100.0 %  100.0 %",
        'a "bird", é       200   50.0 %  100.0 %',
        "all             1,200   91.7 %  100.0 %",
        "loss 0.5123",
    ]
    places = evaluation(FOUND.model_copy(update={"examples": 12}), name, example="example", width=80)
    assert places.splitlines()[0].split() == ["class", "positions", "top-1", "top-5"]


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        (
            {"loss_kind": "binary_cross_entropy", "top1": 30, "top5": None, "count": 40, "loss": 0.25},
            ["accuracy 75.0 % of 40 values", "loss 0.25"],
        ),
        (
            {"loss_kind": "mean_squared_error", "top1": None, "top5": None, "count": 1, "loss": 1234.5},
            ["loss 1234, the mean over 1 value"],
        ),
    ],
)
def test_a_loss_without_classes_has_no_table(fields: dict[str, Any], lines: list[str]) -> None:
    found = FOUND.model_copy(update={"classes": (), "confusion": (), **fields})
    assert evaluation(found, name, example="example", width=80).splitlines() == lines


def test_the_confusion_has_all_classes_and_what_else_was_predicted() -> None:
    assert [*csv.reader(confusion(FOUND, name, 3).splitlines())] == [
        ["class", "tabby cat", "dog", 'a "bird", é', "output 9"],
        ["tabby cat", "1000", "0", "0", "0"],
        ["dog", "0", "0", "0", "0"],
        ['a "bird", é', "0", "0", "100", "100"],
    ]


def test_a_picture_has_a_row_for_each_class() -> None:
    first = Prediction(guesses=(Guess(index=1, probability=0.97), Guess(index=12, probability=0.03)))
    found = [first, Prediction(unreadable="empty"), Prediction(guesses=(Guess(index=0, probability=1),))]
    assert predictions(["a\x1b.jpg", "b.jpg", "c.jpg"], found, name, width=80) == [
        "picture      class      probability",
        "a\\u001b.jpg  dog             97.0 %",
        "             output 12        3.0 %",
        "c.jpg        tabby cat      100.0 %",
    ]
    assert predictions(["b.jpg"], found[1:2], name, width=80) == []
