"""The built-in pictures by name: their classes, their files and how each is drawn. `gratings` draws them.

Coloured gratings in eight classes, two orientations by four colours. Nothing here needs NumPy or Pillow, so that
`archc train` can check a run before it starts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archc.pictures.folder import Pictures

ORIENTATIONS = {"horizontal": math.pi / 2, "vertical": 0.0}
"""The direction across the stripes of each orientation, in radians from the horizontal."""

COLOURS = {
    3: {"blue": (70, 90, 200), "green": (70, 170, 80), "red": (200, 70, 70), "yellow": (190, 170, 60)},
    1: {"black": (50,), "dark": (100,), "grey": (150,), "light": (200,)},
}
"""The colours of the classes, by the number of channels."""

COUNTS = {"train": 96, "val": 24}
"""Pictures per class."""


@dataclass(frozen=True)
class Drawing:
    """One picture to draw."""

    file: str
    """Its place below the folder of the set."""
    key: tuple[int, int, int]
    """Its class, split and number, which seed its random draws."""
    direction: float
    colour: tuple[int, ...]


def drawings(channels: int) -> Iterator[Drawing]:
    """All pictures of a set. The classes are in alphabetical order, and so are their numbers within a class."""
    kinds = [(o, name, colour) for o in ORIENTATIONS for name, colour in COLOURS[channels].items()]
    for label, (orientation, name, colour) in enumerate(kinds):
        for split, (folder, count) in enumerate(COUNTS.items()):
            for number in range(count):
                file = f"{folder}/{orientation}_{name}/{number:03}.jpg"
                yield Drawing(file, (label, split, number), ORIENTATIONS[orientation], colour)


def built_in_pictures(root: Path, *, channels: int) -> Pictures:
    """The set in the folder `root`, whether or not it has been drawn yet."""
    plan = list(drawings(channels))
    train, val = (
        tuple((root / each.file, each.key[0]) for each in plan if each.key[1] == split) for split in range(len(COUNTS))
    )
    classes = dict.fromkeys(file.parent.name for file, _ in train)
    return Pictures(tuple(classes), train, val)
