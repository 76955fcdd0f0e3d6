"""Converts idx files (MNIST, Fashion-MNIST) to folders of pictures: `python -m archc.pictures.idx FROM TO`.

FROM contains {train,t10k}-{images-idx3,labels-idx1}-ubyte, gzipped or not. The pictures are written to
TO/train/CLASS/*.png and TO/val/CLASS/*.png.
"""

from __future__ import annotations

import argparse
import gzip
import math
import sys
import zlib
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from archc.failure import FINDING, Failure
from archc.pictures.converting import check_new, complete, exit_code
from archc.training.progress import progress
from archc.wording import counted

Pixels = NDArray[np.uint8]

SPLITS = {"train": "train", "val": "t10k"}
"""The folder for each pair of files, and the beginning of their names."""

UNSIGNED_BYTE = 8
"""The code of this type of value in the idx format."""

MOST_BYTES = 2**30
"""The largest number of bytes in an idx file, unpacked."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; its exit code."""
    parser = argparse.ArgumentParser("python -m archc.pictures.idx", description=__doc__)
    parser.add_argument("source", metavar="FROM", type=Path, help="folder of idx files")
    parser.add_argument("target", metavar="TO", type=Path, help="folder to create")
    parser.add_argument(
        "--classes", type=_names, default=(), help="class names in the order of their labels: shirt,shoe,..."
    )
    parser.add_argument(
        "--limit", type=_count, metavar="N", help="convert only N pictures of each class in train/, N/5 in val/"
    )
    parser.add_argument(
        "--held-out", type=_count, metavar="N", help="convert so many of each class in val/, whatever --limit is"
    )
    options = parser.parse_args(arguments)
    chosen = {"classes": options.classes, "limit": options.limit, "held_out": options.held_out}
    return exit_code(lambda: convert(options.source, options.target, **chosen), options.target)


def convert(
    source: Path,
    target: Path,
    *,
    classes: Sequence[str] = (),
    limit: int | None = None,
    held_out: int | None = None,
) -> None:
    """Write the pictures of `source` into class folders in `target`, which must not exist yet.

    `limit` is the most of each class in train/, `held_out` in val/: by default, a fifth of `limit`.
    """
    check_new(target)
    pairs = {split: _pair(source, stem) for split, stem in SPLITS.items()}
    largest = max(int(labels.max()) for _, labels in pairs.values())
    names = tuple(classes) or tuple(map(str, range(largest + 1)))
    if largest >= len(names):
        raise Failure(f"label {largest} has no name: `--classes` has {len(names)}", "name each class", FINDING)
    most = {"train": limit, "val": held_out or (limit and max(limit // 5, 1))}
    with complete(target) as made:
        for split, (images, labels) in pairs.items():
            _write(made / split, images, labels, names, most[split])


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if len(set(names)) < len(names) or not all(map(_is_folder_name, names)):
        raise argparse.ArgumentTypeError("expected unique folder names, separated by commas")
    return names


def _is_folder_name(name: str) -> bool:
    # Names with a dot first are hidden folders, which `find_pictures` ignores.
    return name != "" and name == Path(name).name and not name.startswith(".")


def _count(text: str) -> int:
    if not (text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError("expected 1 or more")
    return int(text)


def _pair(source: Path, stem: str) -> tuple[Pixels, Pixels]:
    """The pictures (count, height, width) and the labels (count,) whose files begin with `stem`."""
    images = read_idx(_find(source, f"{stem}-images-idx3-ubyte"), dimensions=3)
    labels = read_idx(_find(source, f"{stem}-labels-idx1-ubyte"), dimensions=1)
    if len(images) != len(labels):
        message = f"{source}: {counted(len(images), f'{stem} picture')}, but {counted(len(labels), 'label')}"
        raise Failure(message, "use files of one set", FINDING)
    return images, labels


def _find(source: Path, name: str) -> Path:
    for file in (source / name, source / f"{name}.gz"):
        if file.is_file():
            return file
    raise Failure(f"{source} contains neither {name} nor {name}.gz", "use a folder of idx files", FINDING)


def read_idx(file: Path, *, dimensions: int) -> Pixels:
    """The array of bytes in an idx file. Of a file that contains more than its header states, the rest is not read."""
    # The header: two zero bytes, the type, the number of dimensions, then the length of each as a 32-bit integer.
    header = 4 + 4 * dimensions
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as opened:
            head = opened.read(header)
            if len(head) < header or head[:4] != bytes((0, 0, UNSIGNED_BYTE, dimensions)):
                raise _broken(file, f"not an idx file of bytes in {counted(dimensions, 'dimension')}")
            shape = tuple(np.frombuffer(head[4:], ">u4").tolist())
            size = _size(file, shape)
            data = opened.read(size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _broken(file, str(error)) from error
    if len(data) != size:
        got = "more" if len(data) > size else len(data)
        raise _broken(file, f"expected {_lengths(shape)} bytes, got {got}")
    return np.frombuffer(data, np.uint8).reshape(shape)


def _size(file: Path, shape: Sequence[int]) -> int:
    size = math.prod(shape)
    if not size:
        raise _broken(file, f"the file contains no values: {_lengths(shape)}")
    if size > MOST_BYTES:
        raise _broken(file, f"{_lengths(shape)} bytes are above the limit, {MOST_BYTES // 2**30} GiB")
    return size


def _lengths(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape))


def _broken(file: Path, reason: str) -> Failure:
    return Failure(f"{file}: {reason}", "download the file again", FINDING)


def _write(folder: Path, images: Pixels, labels: Pixels, names: Sequence[str], limit: int | None) -> None:
    """Write one PNG for each picture into the folder of its class, named by the picture's index in the file."""
    chosen = sorted(int(i) for label in np.unique(labels) for i in np.flatnonzero(labels == label)[:limit])
    with closing(progress(f"writing {folder.name}", len(chosen))) as shown:
        for done, number in enumerate(chosen, 1):
            place = folder / names[int(labels[number])]
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(images[number]).save(place / f"{number:05}.png")
            shown.show(done)


if __name__ == "__main__":
    sys.exit(main())
