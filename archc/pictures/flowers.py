"""Makes a folder of seventeen kinds of flowers for specs/alexnet_flowers17.yaml: `python -m archc.pictures.flowers TO`.

TO/CLASS/*.jpg are drawn, with the colours and petals of Oxford's seventeen (Nilsback and Zisserman, 2006). With --from
FOLDER, they are Oxford's own pictures, image_0001.jpg to image_1360.jpg, sorted into their classes.
"""

from __future__ import annotations

import argparse
import math
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from archc.failure import FINDING, Failure
from archc.pictures.converting import check_new, complete, exit_code
from archc.training.progress import progress

SIDE = 256
"""Height and width of a drawn picture, in pixels."""
EACH = 80
"""Pictures of each of Oxford's classes, which are numbered through in the order of `FLOWERS`."""

Colour = tuple[int, int, int]


class Flower(NamedTuple):
    """What a kind of flower looks like: petals around a centre, whose width is a share of the flower's."""

    petals: int
    colour: Colour
    centre: Colour
    width: float


_YELLOW, _WHITE, _VIOLET, _ORANGE = (245, 210, 40), (240, 240, 235), (120, 70, 170), (235, 120, 30)
FLOWERS = {
    "daffodil": Flower(6, _YELLOW, _ORANGE, 0.45),
    "snowdrop": Flower(3, _WHITE, (120, 170, 90), 0.15),
    "lily_of_the_valley": Flower(6, _WHITE, (220, 225, 190), 0.6),
    "bluebell": Flower(6, (90, 90, 210), (70, 60, 160), 0.3),
    "crocus": Flower(6, _VIOLET, _ORANGE, 0.2),
    "iris": Flower(3, (90, 60, 180), _YELLOW, 0.25),
    "tigerlily": Flower(6, _ORANGE, (110, 50, 20), 0.2),
    "tulip": Flower(3, (210, 40, 50), _YELLOW, 0.15),
    "fritillary": Flower(4, (110, 40, 80), (190, 150, 170), 0.35),
    "sunflower": Flower(18, _YELLOW, (80, 50, 25), 0.5),
    "daisy": Flower(14, _WHITE, _YELLOW, 0.35),
    "coltsfoot": Flower(24, (240, 190, 30), (225, 160, 25), 0.4),
    "dandelion": Flower(30, (250, 215, 30), (240, 200, 25), 0.6),
    "cowslip": Flower(5, (240, 225, 110), _ORANGE, 0.25),
    "buttercup": Flower(5, (250, 225, 20), (200, 200, 40), 0.3),
    "windflower": Flower(7, (225, 215, 240), _YELLOW, 0.25),
    "pansy": Flower(5, _VIOLET, (30, 15, 45), 0.45),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; its exit code."""
    parser = argparse.ArgumentParser("python -m archc.pictures.flowers", description=__doc__)
    parser.add_argument("target", metavar="TO", type=Path, help="folder to create")
    parser.add_argument("--from", dest="source", metavar="FOLDER", type=Path, help="folder of Oxford's 1,360 pictures")
    parser.add_argument(
        "--each", type=_count, metavar="N", default=EACH, help=f"pictures per class ({EACH} by default)"
    )
    options = parser.parse_args(arguments)
    return exit_code(lambda: make(options.target, source=options.source, each=options.each), options.target)


def make(target: Path, *, source: Path | None = None, each: int = EACH) -> None:
    """Fill class folders in `target`, which must not exist yet, with `each` pictures: drawn, or those of `source`."""
    check_new(target)
    with complete(target) as made, closing(progress("flowers", len(FLOWERS) * each)) as shown:
        for done, (kind, number) in enumerate(_plan(each), 1):
            name = list(FLOWERS)[kind]
            (made / name).mkdir(parents=True, exist_ok=True)
            if source is None:
                random = np.random.default_rng((kind, number))
                Image.fromarray(drawn(random, FLOWERS[name])).save(made / name / f"{number:04}.jpg", quality=90)
            else:
                picture = f"image_{kind * EACH + number + 1:04}.jpg"
                shutil.copyfile(_found(source / picture), made / name / picture)
            shown.show(done)


def _count(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= EACH):
        raise argparse.ArgumentTypeError(f"expected 1 to {EACH}")
    return int(text)


def _plan(each: int) -> Iterator[tuple[int, int]]:
    """The kind and the number of each picture."""
    return ((kind, number) for kind in range(len(FLOWERS)) for number in range(each))


def _found(file: Path) -> Path:
    if not file.is_file():
        help = "use the folder jpg of 17flowers.tgz, from robots.ox.ac.uk/~vgg/data/flowers/17"
        raise Failure(f"{file.parent} contains no {file.name}", help, FINDING)
    return file


def drawn(random: np.random.Generator, flower: Flower) -> NDArray[np.uint8]:
    """One picture (height, width, 3): a flower in a random place, size, turn and light, on leaves."""
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float32) / SIDE
    up, left = random.uniform(0.4, 0.6, 2)
    radius, turn, light = random.uniform((0.25, 0, 0.75), (0.4, 2 * math.pi, 1.1))
    distance, angle = np.hypot(rows - up, columns - left) / radius, np.arctan2(rows - up, columns - left)
    # Petals: the edge swings between a notch and the tip.
    edge = 0.55 + 0.45 * np.abs(np.cos(flower.petals / 2 * (angle - turn)))
    waves = np.sin(random.uniform(8, 25, 2) @ np.stack([rows, columns]).reshape(2, -1) + random.uniform(0, 6))
    leaves = np.array((60, 110, 45)) * (1 + 0.3 * waves.reshape(SIDE, SIDE, 1))
    petals = np.array(flower.colour) * (0.7 + 0.3 * np.minimum(distance, 1))[..., None]
    pixels = np.where((distance < edge)[..., None], petals, leaves)
    pixels = np.where((distance < flower.width)[..., None], np.array(flower.centre), pixels)
    noise = random.standard_normal((SIDE, SIDE, 1)) * random.uniform(4, 16)
    return np.clip(light * pixels + noise, 0, 255).astype(np.uint8)


if __name__ == "__main__":
    sys.exit(main())
