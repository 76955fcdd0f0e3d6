"""What a task found, as the file outcome.json."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveInt

from archc.ops.properties import Loss


class _Outcome(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClassScore(_Outcome):
    """The examples of one class."""

    index: NonNegativeInt
    """Its output of the network."""
    count: PositiveInt
    top1: NonNegativeInt
    top5: NonNegativeInt


class Confused(_Outcome):
    """How many examples of a class were predicted to be of a class; never zero."""

    index: NonNegativeInt
    predicted: NonNegativeInt
    count: PositiveInt


class Evaluation(_Outcome):
    """The scores of a network on examples."""

    loss_kind: Loss
    examples: PositiveInt
    count: PositiveInt
    """What the rates are of: examples, or their positions or values if each has a target of its own."""
    top1: NonNegativeInt | None
    """None for `mean_squared_error`."""
    top5: NonNegativeInt | None
    """None without classes."""
    loss: float
    classes: tuple[ClassScore, ...] = ()
    """The classes that occur, in the order of the outputs; none for a loss without classes."""
    confusion: tuple[Confused, ...] = ()
    """By class, then by predicted class."""


class Guess(_Outcome):
    """A class that a picture may have."""

    index: NonNegativeInt
    probability: float


class Prediction(_Outcome):
    """The likeliest classes of a picture, the first first; or why it cannot be read."""

    guesses: tuple[Guess, ...] = ()
    unreadable: str | None = None


class Predictions(_Outcome):
    """A prediction for each picture of a task, in its order."""

    pictures: tuple[Prediction, ...]
