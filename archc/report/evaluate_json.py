"""The JSON output of `archc evaluate`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from typing_extensions import TypedDict

from archc.diagnostics.json import documented
from archc.inference.outcome import Evaluation
from archc.language.recipe import TestViews
from archc.ops.properties import Loss


@documented
class ClassScoreJson(TypedDict):
    """The scores of one class."""

    name: str
    """Name of the class; of a class without one, the number of its output."""
    index: int
    """Number of its output, from 0."""
    count: int
    """Number of examples of the class, or of positions."""
    top1: int
    """Those for which the class has the highest probability."""
    top5: int
    """Those for which the class is among the five with the highest probabilities."""


@documented
class ConfusedJson(TypedDict):
    """How often a class was taken for a class, which may be the same. Pairs that do not occur are left out."""

    index: int
    """Number of the output of the examples' class."""
    predicted: int
    """Number of the output with the highest probability."""
    count: int
    """Number of such examples."""


@documented
class EvaluateJson(TypedDict):
    """The output of `archc evaluate --output-format json`."""

    version: Literal[1]
    """Version of this format."""
    run: str
    """Folder of the run as given on the command line."""
    weights: str
    """The weights that were evaluated: `last`, or `best`."""
    data: str | None
    """Folder of the examples as given on the command line; null for the held-out examples of the run."""
    test: TestViews
    """The views of a picture whose probabilities are averaged; `center` for arrays."""
    of: Loss
    """The loss of training, which decides what is counted."""
    examples: int
    """Number of examples."""
    count: int
    """What the hits are of: examples, or their positions or values if each has a target of its own."""
    top1: int | None
    """Examples whose class has the highest probability; of `binary_cross_entropy`, values on the right side of 1/2;
    null for `mean_squared_error`."""
    top5: int | None
    """Examples whose class is among the five with the highest probabilities; null without classes."""
    loss: float
    """Mean loss over all of them."""
    classes: list[ClassScoreJson]
    """The classes that occur, in the order of the outputs; empty for a loss without classes."""
    confusion: list[ConfusedJson]
    """The confusion matrix by its entries, in the order of `index`, then of `predicted`."""


def as_json(
    found: Evaluation, name: Callable[[int], str], *, run: str, weights: str, data: str | None, test: TestViews
) -> EvaluateJson:
    """An evaluation as plain data."""
    return {
        "version": 1,
        "run": run,
        "weights": weights,
        "data": data,
        "test": test,
        "of": found.loss_kind,
        "examples": found.examples,
        "count": found.count,
        "top1": found.top1,
        "top5": found.top5,
        "loss": found.loss,
        "classes": [
            {
                "name": name(each.index),
                "index": each.index,
                "count": each.count,
                "top1": each.top1,
                "top5": each.top5,
            }
            for each in found.classes
        ],
        "confusion": [
            {"index": each.index, "predicted": each.predicted, "count": each.count} for each in found.confusion
        ],
    }
