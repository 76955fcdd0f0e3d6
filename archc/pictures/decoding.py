"""Decodes JPEG and PNG files of any kind into squares of 8-bit pixels."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from archc.failure import FINDING, Failure

FORMATS = ("JPEG", "PNG")
"""Pillow's names of the formats that are read."""

MODES = {1: "L", 3: "RGB"}
"""Pillow's name for 8-bit pixels, by the number of channels."""

# Pillow's warnings are about metadata, which is not read here; a broken picture raises an error. The filter is set once
# for the process, since `catch_warnings` is not safe in threads.
warnings.filterwarnings("ignore", module=r"PIL\.|archc\.pictures\.decoding")


class Unreadable(Failure):
    """A file that is not a readable picture."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(f"cannot read {file}: {reason}", "replace the file or remove it", FINDING)
        self.file = file
        self.reason = reason


def square(file: Path, size: int, *, channels: int) -> NDArray[np.uint8]:
    """The centre square of a picture, scaled to `size` pixels: (size, size, channels)."""
    try:
        with Image.open(file, formats=FORMATS) as image:
            image.draft(None, (2 * size, 2 * size))  # decodes a much larger JPEG at a fraction of its size, faster
            upright = ImageOps.exif_transpose(image)
            pixels = np.asarray(_scaled(_opaque(upright).convert(MODES[channels]), size))
    except Image.UnidentifiedImageError as error:
        raise Unreadable(file, "not a JPEG or PNG file") from error
    except Exception as error:  # on broken files, Pillow raises a dozen kinds of error
        raise Unreadable(file, str(error).strip().partition("\n")[0] or type(error).__name__) from error
    return pixels.reshape(size, size, channels)


def _opaque(image: Image.Image) -> Image.Image:
    """The picture with 8 bits per channel, with white behind transparent pixels."""
    if image.mode.startswith("I"):  # 16 bits, which `convert` would clip to 255 instead of scaling
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if not image.has_transparency_data:
        return image
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)


def _scaled(image: Image.Image, size: int) -> Image.Image:
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    return image.resize((size, size), Image.Resampling.BILINEAR, box=(left, top, left + side, top + side))
