"""How pictures in bytes become the network's input, on the device that computes with them.

Bytes take a quarter of the time to move, and the processor that decodes pictures has no arithmetic left to do.
`Normalisation.apply` states the arithmetic in NumPy; each backend computes the same float32 values, to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Normalisation:
    """(pixels - mean + noise) / std."""

    mean: Array
    """(2, resize, resize, C): the mean picture, and its mirror image; or (C,), if it is the same everywhere."""
    std: Array | None
    """(C,); None if nothing is divided."""

    @classmethod
    def of(cls, mean: Array, std: Array) -> Normalisation:
        """The normalisation by a mean picture (resize, resize, C) and by the deviation of each channel (C,)."""
        is_flat = (mean == mean[0, 0]).all()
        means = mean[0, 0] if is_flat else np.stack((mean, mean[:, ::-1]))
        # Values of the paper's recipe are not divided, so their time is not spent on a division by 1.
        return cls(means, None if (std == 1).all() else std)

    def apply(self, pixels: NDArray[np.uint8], places: NDArray[Any], noise: Array | None = None) -> Array:
        """Parts of pictures (n, h, w, C), which may be mirrored.

        `places` (n, 3) has 1 for a part of the mirrored picture or else 0, and the part's row and column in it.
        `noise` (n, C) is added to the colours of each part.
        """
        _, height, width, _ = pixels.shape
        means: Any = self.mean
        if means.ndim > 1:
            windows = np.lib.stride_tricks.sliding_window_view(means, (height, width), (1, 2))
            means = np.moveaxis(windows[tuple(places.T)], 1, -1)  # (n, C, h, w) before
        values = pixels - means
        if noise is not None:
            values += noise[:, None, None]
        if self.std is not None:
            values /= self.std
        return values
