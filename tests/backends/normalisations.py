"""Parts of pictures to normalise, in every way, with what NumPy computes of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from archc.training.normalisation import Normalisation

N, HEIGHT, WIDTH = 12, 8, 10


def normalisations(count: int = 33) -> Iterator[tuple[Normalisation, list[Any], Any]]:
    """A normalisation, the parts of pictures with all that it takes, and the network's input."""
    random = np.random.default_rng(0)
    for channels, is_flat, divided, noisy in product((3, 1), (False, True), (False, True), (False, True)):
        mean = random.uniform(0, 255, (1, 1, channels) if is_flat else (N, N, channels)).astype(np.float32)
        std = random.uniform(30, 90, channels) if divided else np.ones(channels)
        found = Normalisation.of(np.broadcast_to(mean, (N, N, channels)), std.astype(np.float32))
        assert (found.mean.ndim == 1, found.std is None) == (is_flat, not divided)
        pixels = random.integers(0, 256, (count, HEIGHT, WIDTH, channels), np.uint8)
        most = [2, N - HEIGHT + 1, N - WIDTH + 1]
        parts = [pixels, random.integers(0, most, (count, 3))]
        if noisy:
            parts.append(random.normal(0, 20, (count, channels)).astype(np.float32))
        expected = found.apply(*parts)
        assert (expected.shape, expected.dtype) == (pixels.shape, np.float32)
        yield found, parts, expected
