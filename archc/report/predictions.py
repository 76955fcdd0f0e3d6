"""The likeliest classes of pictures as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from archc.inference.outcome import Prediction
from archc.report.table import Column, fitted
from archc.wording import visible

_COLUMNS = (Column("picture", least=8), Column("class", least=8), Column("probability", right=True))


def predictions(
    pictures: Sequence[str], found: Sequence[Prediction], name: Callable[[int], str], *, width: int
) -> list[str]:
    """The lines of a table with a row for each class of each picture that could be read, and no lines without any."""
    rows = [
        (visible(picture) if place == 0 else "", visible(name(guess.index)), f"{100 * guess.probability:.1f} %")
        for picture, prediction in zip(pictures, found, strict=True)
        for place, guess in enumerate(prediction.guesses)
    ]
    return [*fitted(_COLUMNS, rows, width=width)] if rows else []
