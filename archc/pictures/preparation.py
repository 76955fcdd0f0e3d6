"""Turns square pictures into the network's input: crops and mirrors them, adds colour noise, subtracts the mean.

Arrays are float32, (height, width, channels), with values of about -128 to 128: like the AlexNet paper, archc subtracts
the mean and does not divide by the standard deviation.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archc.failure import FINDING, Failure
from archc.files import write_whole
from archc.language.recipe import DataRecipe, TestViews
from archc.pictures.ahead import in_order
from archc.pictures.decoding import square
from archc.training.order import VIEW
from archc.training.progress import progress

Array = NDArray[np.float32]

SAMPLE = 4096
"""The largest number of pictures that the statistics are measured on."""


@dataclass(frozen=True)
class Statistics:
    """The mean that is subtracted from each picture, and the covariance of the colours."""

    mean: Array
    """(resize, resize, C): the mean picture, or the mean of each channel, or zeros."""
    colours: Array
    """(C, C): one principal component of the pixels per column, whose length is the standard deviation along it."""

    @property
    def channels(self) -> int:
        return int(self.mean.shape[-1])

    def save(self, path: Path, *, listing: bytes) -> None:
        """Write the statistics, with the digest of the pictures that a run is about to use."""
        from safetensors.numpy import save  # pyright: ignore[reportUnknownVariableType]

        listed = np.frombuffer(listing, np.uint8)
        write_whole(path, save({"mean": self.mean, "colours": self.colours, "listing": listed}))

    @staticmethod
    def load(path: Path, *, listing: bytes) -> Statistics:
        """Read the statistics; a Failure if the pictures have become others since they were written."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file  # pyright: ignore[reportUnknownVariableType]

        try:
            arrays = load_file(path)
            mean, colours, listed = (arrays[name] for name in ("mean", "colours", "listing"))
        except (OSError, SafetensorError, KeyError) as error:
            raise Failure(f"{path} does not contain picture statistics: {error}", "start the run again") from error
        if listed.tobytes() != listing:
            message = "pictures were added or removed while the run started"
            raise Failure(message, "start the run again, when their folder does not change", FINDING)
        return Statistics(mean, colours)


def measure(files: Sequence[Path], data: DataRecipe, *, channels: int, threads: int = 2) -> Statistics:
    """The statistics of at most 4,096 pictures, evenly spread over `files`."""
    count = min(len(files), SAMPLE)
    # `files` is in the order of classes: the first 4,096 would come from a few of them.
    chosen = [files[i * len(files) // count] for i in range(count)]
    total = np.zeros((data.resize, data.resize, channels))
    products = np.zeros((channels, channels))
    squares = in_order(
        lambda file: square(file, data.resize, channels=channels), chosen, threads=threads, ahead=4 * threads
    )
    with closing(progress("computing picture statistics", count)) as shown:
        for done, pixels in enumerate(squares, 1):
            wide = pixels.astype(np.float64)
            total += wide
            flat = wide.reshape(-1, channels)
            products += flat.T @ flat
            shown.show(done)
    mean = total / count
    return Statistics(_subtracted(mean, data), _components(mean, products / (count * data.resize**2)))


def _subtracted(mean: NDArray[np.float64], data: DataRecipe) -> Array:
    """The array that the recipe subtracts, given the mean picture."""
    by_kind = {"pixel": mean, "channel": np.broadcast_to(mean.mean((0, 1)), mean.shape), "none": np.zeros(mean.shape)}
    return np.ascontiguousarray(by_kind[data.mean], np.float32)


def _components(mean: NDArray[np.float64], products: NDArray[np.float64]) -> Array:
    """The principal components of the colours, given the mean picture and the mean of the products (C, C)."""
    channel = mean.mean((0, 1))
    variances, axes = np.linalg.eigh(products - np.outer(channel, channel))
    # An eigenvector has no sign of its own, and LAPACK libraries differ: make the largest part of each positive.
    signs = np.sign(np.take_along_axis(axes, np.abs(axes).argmax(0, keepdims=True), 0))
    return (axes * signs * np.sqrt(np.maximum(variances, 0))).astype(np.float32)


def training_view(file: Path, data: DataRecipe, statistics: Statistics, *, seed: int, epoch: int, index: int) -> Array:
    """A random view (h, w, C) of the training picture with this index."""
    random = np.random.default_rng((seed, epoch, VIEW, index))
    top = int(random.integers(data.resize - data.crop.height + 1))
    left = int(random.integers(data.resize - data.crop.width + 1))
    mirrored = data.mirror and bool(random.integers(2))
    pixels = square(file, data.resize, channels=statistics.channels)
    view = _view(pixels, statistics, data, top, left, mirrored=mirrored)
    if data.color_pca:
        # The paper's colour noise: the components, each times a Gaussian draw with a standard deviation of `color_pca`.
        strengths = random.standard_normal(statistics.channels, np.float32) * np.float32(data.color_pca)
        view += statistics.colours @ strengths
    return view


def test_views(file: Path, data: DataRecipe, statistics: Statistics, *, test: TestViews) -> Array:
    """The views whose predictions are averaged.

    `center` is the centre, (1, h, w, C). `ten_crop` is the four corners and the centre, then their mirror images,
    (10, h, w, C).
    """
    pixels = square(file, data.resize, channels=statistics.channels)
    bottom, right = data.resize - data.crop.height, data.resize - data.crop.width
    centre = (bottom // 2, right // 2)
    if test == "center":
        return _view(pixels, statistics, data, *centre, mirrored=False)[None]
    places = [(0, 0), (0, right), (bottom, 0), (bottom, right), centre]
    return np.stack(
        [_view(pixels, statistics, data, *place, mirrored=mirrored) for mirrored in (False, True) for place in places]
    )


def _view(
    pixels: NDArray[np.uint8], statistics: Statistics, data: DataRecipe, top: int, left: int, *, mirrored: bool
) -> Array:
    """The crop at this place, minus the mean of the same place."""
    window = np.s_[top : top + data.crop.height, left : left + data.crop.width]
    view = pixels[window] - statistics.mean[window]
    return np.ascontiguousarray(view[:, ::-1]) if mirrored else view
