"""The JSON output of `archc predict`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from typing_extensions import TypedDict

from archc.diagnostics.json import documented
from archc.inference.outcome import Prediction
from archc.language.recipe import TestViews


@documented
class GuessJson(TypedDict):
    """A class that a picture may be of."""

    name: str
    """Name of the class; of an output without one, `output` and its number."""
    index: int
    """Number of its output, from 0."""
    probability: float
    """Probability that the network gives the class."""


@documented
class PredictionJson(TypedDict):
    """The prediction for a picture."""

    picture: str
    """Path of the picture as given on the command line or on standard input."""
    unreadable: str | None
    """Reason that the picture cannot be read; null if it can."""
    classes: list[GuessJson]
    """The five classes with the highest probabilities, the highest first; all if there are fewer, none without a
    picture."""


@documented
class PredictJson(TypedDict):
    """The output of `archc predict --output-format json`."""

    version: Literal[1]
    """Version of this format."""
    run: str
    """Folder of the run as given on the command line."""
    weights: str
    """The weights that predict: `last`, or `best`."""
    test: TestViews
    """The views of a picture whose probabilities are averaged."""
    pictures: list[PredictionJson]
    """A prediction for each picture, in the order in which they were given."""


def as_json(
    pictures: Sequence[str],
    found: Sequence[Prediction],
    name: Callable[[int], str],
    *,
    run: str,
    weights: str,
    test: TestViews,
) -> PredictJson:
    """The predictions for pictures as plain data."""
    return {
        "version": 1,
        "run": run,
        "weights": weights,
        "test": test,
        "pictures": [
            {
                "picture": picture,
                "unreadable": prediction.unreadable,
                "classes": [
                    {"name": name(guess.index), "index": guess.index, "probability": guess.probability}
                    for guess in prediction.guesses
                ],
            }
            for picture, prediction in zip(pictures, found, strict=True)
        ],
    }
