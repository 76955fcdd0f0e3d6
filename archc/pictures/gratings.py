"""Draws the built-in pictures, coloured gratings.

Phase, wavelength, tilt, contrast, brightness and noise are drawn for each picture from (seed, class, split, number), so
the set is the same on each machine with the same version of Pillow.
"""

from __future__ import annotations

import json
import math
import shutil
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from archc.failure import FINDING, Failure
from archc.pictures.built_in import drawings
from archc.training.progress import progress

TILT = math.radians(15)
"""The largest angle between a picture's waves and the orientation of its class, either way."""


@dataclass(frozen=True)
class Gratings:
    """The description of a set of gratings. It is written into the set last, so it marks a complete set."""

    height: int
    width: int
    channels: int
    seed: int
    version: int = 1


def write_gratings(root: Path, *, size: tuple[int, int], channels: int, seed: int = 0) -> None:
    """Make `root` a complete set of gratings of `size` (height, width); if it is one already, nothing changes.

    The set is made in a folder beside `root` and moved when complete. A folder with anything else is never replaced.
    """
    gratings = Gratings(*size, channels, seed)
    if _holds(root, gratings):
        return
    if root.exists() and not (_mark(root).is_file() or not any(root.iterdir())):
        raise Failure(f"{root} contains other files than the built-in pictures", "move them away first", FINDING)
    root.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{root.name}.", dir=root.parent) as folder:
        made = Path(folder) / root.name
        _make(made, gratings)
        _move(made, root, gratings)


def _mark(root: Path) -> Path:
    return root / "gratings.json"


def _holds(root: Path, gratings: Gratings) -> bool:
    try:
        return json.loads(_mark(root).read_text()) == asdict(gratings)
    except (OSError, ValueError):
        return False


def _move(made: Path, root: Path, gratings: Gratings) -> None:
    """Move a complete set to `root`. Another process may move the same set there first, which is not an error."""
    if root.exists():
        shutil.rmtree(root)
    try:
        made.rename(root)
    except OSError:
        if not _holds(root, gratings):
            raise


def _make(root: Path, gratings: Gratings) -> None:
    plan = list(drawings(gratings.channels))
    with closing(progress(f"generating {gratings.height} × {gratings.width} pictures", len(plan))) as shown:
        for done, drawing in enumerate(plan, 1):
            random = np.random.default_rng((gratings.seed, *drawing.key))
            pixels = grating(random, (gratings.height, gratings.width), drawing.direction, drawing.colour)
            place = root / drawing.file
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.squeeze(-1) if gratings.channels == 1 else pixels).save(place, quality=90)
            shown.show(done)
    _mark(root).write_text(json.dumps(asdict(gratings)) + "\n")


def grating(
    random: np.random.Generator, size: tuple[int, int], direction: float, colour: tuple[int, ...]
) -> NDArray[np.uint8]:
    """One picture (height, width, C): light and dark waves of a colour across `direction`, with noise."""
    height, width = size
    side = min(size)
    wavelength = random.uniform(max(3.0, side / 28), max(5.0, side / 9))
    angle = direction + random.uniform(-TILT, TILT)
    contrast, brightness, noise = random.uniform((0.4, 0.8, 0.03), (0.8, 1.1, 0.2))
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    turns = (columns * math.cos(angle) + rows * math.sin(angle)) / wavelength + random.uniform()
    light = brightness * (1 + contrast * np.sin(2 * math.pi * turns))
    grain = noise * random.standard_normal((height, width), np.float32)
    pixels = (light + grain)[..., None] * np.array(colour, np.float32)
    return np.clip(pixels, 0, 255).astype(np.uint8)
