"""From a picture's file to a square of pixels, whatever kind of JPEG or PNG it is."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from archc.failure import FINDING, Failure

MODES = {1: "L", 3: "RGB"}

# Pillow warns of metadata that nothing here reads, and raises on a broken picture. `catch_warnings` is not for threads.
warnings.filterwarnings("ignore", module=r"PIL\.|archc\.pictures\.decoding")


def square(file: Path, size: int, *, channels: int) -> NDArray[np.uint8]:
    """The picture's centre square, its shorter side scaled to `size`: (size, size, channels)."""
    try:
        with Image.open(file, formats=("JPEG", "PNG")) as image:
            image.draft(None, (2 * size, 2 * size))  # a JPEG many times larger is decoded at a fraction of its size
            upright = ImageOps.exif_transpose(image)
            pixels = np.asarray(_scaled(_opaque(upright).convert(MODES[channels]), size))
    except Image.UnidentifiedImageError as error:
        raise _unreadable(file, "it is neither JPEG nor PNG") from error
    except Exception as error:  # on broken files Pillow raises a dozen kinds, and all mean this
        raise _unreadable(file, str(error).strip().partition("\n")[0] or type(error).__name__) from error
    return pixels.reshape(size, size, channels)


def _opaque(image: Image.Image) -> Image.Image:
    """The picture with 8 bits a channel, transparency laid over white."""
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if not image.has_transparency_data:
        return image
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)


def _scaled(image: Image.Image, size: int) -> Image.Image:
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    return image.resize((size, size), Image.Resampling.BILINEAR, box=(left, top, left + side, top + side))


def _unreadable(file: Path, reason: str) -> Failure:
    return Failure(f"{file} cannot be read: {reason}", "replace the file or take it out of the folder", FINDING)
