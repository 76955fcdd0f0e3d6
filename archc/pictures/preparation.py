"""Crops and mirrors square pictures, draws colour noise, and measures what normalises them on the device.

The network reads float32, (height, width, channels): (pixels - mean + noise) / std, in the units of pixels, whose
values go from 0 to 255. Like the AlexNet paper, a recipe without `std` and `scale` does not divide: values go from
about -128 to 128.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archc.failure import FINDING, Failure
from archc.files import write_whole
from archc.language.data_recipe import DataRecipe
from archc.language.recipe import TestViews
from archc.pictures.ahead import in_order
from archc.pictures.decoding import SeveralUnreadable, Unreadable, square
from archc.training.normalisation import Normalisation
from archc.training.order import VIEW
from archc.training.progress import progress

Array = NDArray[np.float32]

SAMPLE = 4096
"""The largest number of pictures that the statistics are measured on."""

LEAST_STD = 1.0
"""The smallest deviation that is measured, one level of 256: a channel that is the same everywhere is not divided."""


@dataclass(frozen=True)
class Statistics:
    """What is subtracted from a picture's values, from 0 to 255, what they are divided by, and how colours vary."""

    mean: Array
    """(resize, resize, C): the mean picture, or the mean of each channel, or zeros."""
    std: Array
    """(C,): what is left is divided by this, the deviation of each channel times the recipe's scale, or ones."""
    colours: Array
    """(C, C): one principal component of the pixels per column, whose length is the standard deviation along it."""

    @property
    def channels(self) -> int:
        return int(self.mean.shape[-1])

    @cached_property
    def normalisation(self) -> Normalisation:
        """What makes pictures in bytes the network's input."""
        return Normalisation.of(self.mean, self.std)

    def save(self, path: Path, *, listing: bytes) -> None:
        """Write the statistics, with the digest of the pictures that a run is about to use."""
        from safetensors.numpy import save  # pyright: ignore[reportUnknownVariableType]

        listed = np.frombuffer(listing, np.uint8)
        write_whole(path, save({"mean": self.mean, "std": self.std, "colours": self.colours, "listing": listed}))

    @staticmethod
    def load(path: Path, *, listing: bytes) -> Statistics:
        """Read the statistics; a Failure if the pictures have become others since they were written."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file  # pyright: ignore[reportUnknownVariableType]

        try:
            arrays = load_file(path)
            mean, std, colours, listed = (arrays[name] for name in ("mean", "std", "colours", "listing"))
        except (OSError, SafetensorError, KeyError) as error:
            raise Failure(f"{path} does not contain picture statistics: {error}", "start the run again") from error
        if listed.tobytes() != listing:
            message = "pictures were added or removed while the run started"
            raise Failure(message, "start the run again, when their folder does not change", FINDING)
        return Statistics(mean, std, colours)


def measure(files: Sequence[Path], data: DataRecipe, *, channels: int, threads: int = 2) -> Statistics:
    """The statistics of at most 4,096 pictures, evenly spread over `files`; a Failure names those that are broken."""
    count = min(len(files), SAMPLE)
    # `files` is in the order of classes: the first 4,096 would come from a few of them.
    chosen = [files[i * len(files) // count] for i in range(count)]
    total = np.zeros((data.resize, data.resize, channels))
    products = np.zeros((channels, channels))
    bad: list[Unreadable] = []

    def decode(file: Path) -> NDArray[np.uint8] | Unreadable:
        try:
            return square(file, data.resize, channels=channels)
        except Unreadable as unreadable:
            return unreadable

    with (
        closing(progress("computing picture statistics", count)) as shown,
        closing(in_order(decode, chosen, threads=threads, ahead=4 * threads)) as squares,
    ):
        for done, pixels in enumerate(squares, 1):
            if isinstance(pixels, Unreadable):
                bad.append(pixels)
                continue
            wide = pixels.astype(np.float64)
            total += wide
            flat = wide.reshape(-1, channels)
            products += flat.T @ flat
            shown.show(done)
    if bad:
        raise SeveralUnreadable(bad, of=len(files))
    mean = total / count
    channel = mean.mean((0, 1))
    covariance = products / (count * data.resize**2) - np.outer(channel, channel)
    return Statistics(_subtracted(mean, data), _divided_by(covariance, data), _components(covariance))


def _subtracted(mean: NDArray[np.float64], data: DataRecipe) -> Array:
    """The array that the recipe subtracts, given the mean picture."""
    match data.mean:
        case "pixel":
            subtracted = mean
        case "channel":
            subtracted = mean.mean((0, 1))
        case "none":
            subtracted = np.zeros(1)
        case given:
            subtracted = np.array(given) * data.divisor
    return np.ascontiguousarray(np.broadcast_to(subtracted, mean.shape), np.float32)


def _divided_by(covariance: NDArray[np.float64], data: DataRecipe) -> Array:
    """What the recipe divides each channel by, given the covariance of the colours (C, C)."""
    match data.std:
        case "channel":
            divisor = np.maximum(np.sqrt(np.maximum(np.diag(covariance), 0)), LEAST_STD)
        case "none":
            divisor = np.full(1, data.divisor)
        case given:
            divisor = np.array(given) * data.divisor
    return np.ascontiguousarray(np.broadcast_to(divisor, len(covariance)), np.float32)


def _components(covariance: NDArray[np.float64]) -> Array:
    """The principal components of the colours, given their covariance (C, C)."""
    variances, axes = np.linalg.eigh(covariance)
    # An eigenvector has no sign of its own, and LAPACK libraries differ: make the largest part of each positive.
    signs = np.sign(np.take_along_axis(axes, np.abs(axes).argmax(0, keepdims=True), 0))
    return (axes * signs * np.sqrt(np.maximum(variances, 0))).astype(np.float32)


Prepared = tuple[NDArray[Any], ...]
"""A view in bytes, its place, and the noise to add to its colours, if any: what `Normalisation.apply` takes."""


def training_view(file: Path, data: DataRecipe, colours: Array, *, seed: int, epoch: int, index: int) -> Prepared:
    """A random view of the training picture with this index: bytes (h, w, C), place (3,), noise (C,)."""
    random = np.random.default_rng((seed, epoch, VIEW, index))
    top = int(random.integers(data.resize - data.crop.height + 1))
    left = int(random.integers(data.resize - data.crop.width + 1))
    mirrored = data.mirror and bool(random.integers(2))
    pixels = square(file, data.resize, channels=len(colours))
    view = _cut(pixels, data, top, left, mirrored=mirrored)
    if not data.color_pca:
        return view
    # The paper's colour noise: the components, each times a Gaussian draw with a standard deviation of `color_pca`.
    strengths = random.standard_normal(len(colours), np.float32) * np.float32(data.color_pca)
    return *view, colours @ strengths


def views_in_bytes(file: Path, data: DataRecipe, *, channels: int, test: TestViews) -> Prepared:
    """The views whose predictions are averaged: bytes (views, h, w, C), places (views, 3).

    `center` is the centre. `ten_crop` is the four corners and the centre, then their mirror images.
    """
    pixels = square(file, data.resize, channels=channels)
    bottom, right = data.resize - data.crop.height, data.resize - data.crop.width
    centre = (bottom // 2, right // 2)
    places = [centre] if test == "center" else [(0, 0), (0, right), (bottom, 0), (bottom, right), centre]
    sides = (False,) if test == "center" else (False, True)
    views = [_cut(pixels, data, *place, mirrored=mirrored) for mirrored in sides for place in places]
    cut, where = zip(*views, strict=True)
    return np.stack(cut), np.stack(where)


def test_views(file: Path, data: DataRecipe, statistics: Statistics, *, test: TestViews) -> Array:
    """The views whose predictions are averaged, as the network reads them: (views, h, w, C)."""
    return statistics.normalisation.apply(*views_in_bytes(file, data, channels=statistics.channels, test=test))


def _cut(
    pixels: NDArray[np.uint8], data: DataRecipe, top: int, left: int, *, mirrored: bool
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The part of a square at this place, mirrored or not, and its place in the square or in its mirror image."""
    view = pixels[top : top + data.crop.height, left : left + data.crop.width]
    if not mirrored:
        return view, np.array((0, top, left))
    return view[:, ::-1], np.array((1, top, data.resize - data.crop.width - left))
