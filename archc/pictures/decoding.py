"""Decodes JPEG and PNG files of any kind into squares of 8-bit pixels, within limits of memory and time.

`opened` reads the headers of a file and refuses what is not a regular file or exceeds a limit; `square` decodes it. A
run's check uses the first and its batches use both, so both refuse the same files in the same words.
"""

from __future__ import annotations

import math
import os
import stat
import warnings
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import RLock

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import Base as Tag
from PIL.ImageFile import ImageFile

from archc.failure import FINDING, Failure
from archc.wording import counted, listed

FORMATS = ("JPEG", "PNG")
"""Pillow's names of the formats that are read."""

MODES = {1: "L", 3: "RGB"}
"""Pillow's name for 8-bit pixels, by the number of channels."""

MOST_MEMORY = 2**30
"""The largest number of bytes that decoding a picture may take."""

LARGE = 2**28
"""Bytes above which no two pictures of a process are decoded at once."""

MOST_SCANS = 100
"""The largest number of scans of a progressive JPEG. A scan of 31 bytes can take as long as decoding the picture."""

START_OF_SCAN = b"\xff\xda"

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""The turn that shows a picture upright, by its EXIF orientation."""

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_STORED = {"1": 1, "L": 1, "P": 1, "I;16": 2}
"""The bytes per pixel of a decoded picture in memory, by its mode, where they are not 4."""

_alone = RLock()

# Pillow's warnings are about metadata, which is not read here; a broken picture raises an error. The filter is set once
# for the process, since `catch_warnings` is not safe in threads.
warnings.filterwarnings("ignore", module=r"PIL\.|archc\.pictures\.decoding")
# Pillow limits the pixels, whose memory depends on their mode: MOST_MEMORY takes the place of its limit.
Image.MAX_IMAGE_PIXELS = None


class Unreadable(Failure):
    """A file that is not a readable picture."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(f"cannot read {file}: {reason}", "replace the file or remove it", FINDING)
        self.file = file
        self.reason = reason


class SeveralUnreadable(Failure):
    """Files among `of` that are not readable pictures."""

    def __init__(self, pictures: Sequence[Unreadable], *, of: int) -> None:
        first, *others = pictures
        named = listed([f"{each.file} ({each.reason})" for each in pictures])
        message = f"cannot read {counted(len(pictures), 'picture')} of {of:,}: {named}" if others else first.message
        super().__init__(message, "replace these files or remove them" if others else first.help, FINDING)
        self.pictures = pictures


def square(file: Path, size: int, *, channels: int) -> NDArray[np.uint8]:
    """The centre square of a picture, scaled to `size` pixels: (size, size, channels)."""
    with opened(file, size) as image:
        scaled = _scaled(_in_mode(_opaque(image), MODES[channels]), size)
        turn = _turn(image)
        # Turned last, when it is small.
        return np.asarray(scaled if turn is None else scaled.transpose(turn)).reshape(size, size, channels)


@contextmanager
def opened(file: Path, size: int) -> Generator[Image.Image]:
    """A picture whose headers are read, to be decoded for a square of `size` pixels.

    Any error in the context becomes an Unreadable that names the file, unless the machine has no memory left.
    """
    length = _length(file)
    try:
        with ExitStack() as stack:
            if length > LARGE:  # the texts and profiles of a PNG are read with its headers
                stack.enter_context(_alone)
            image = stack.enter_context(Image.open(file, formats=FORMATS))
            full = image.size
            coefficients = 2 * len(image.getbands()) * math.prod(full) if image.format != "PNG" else 0
            image.draft(None, (2 * size, 2 * size))  # decodes a much larger JPEG at a fraction of its size, faster
            needed = length + coefficients + math.prod(image.size) * _bytes_per_pixel(image)
            if needed > MOST_MEMORY:
                width, height = full
                raise Unreadable(file, f"decoding its {width:,} × {height:,} pixels takes {_exceeding(needed)}")
            if "progressive" in image.info and (scans := file.read_bytes().count(START_OF_SCAN)) > MOST_SCANS:
                raise Unreadable(file, f"it has {scans:,} scans; the limit is {MOST_SCANS}")
            if needed > LARGE:
                stack.enter_context(_alone)
            yield image
    except (Unreadable, MemoryError):
        raise
    except Exception as error:  # on broken files, Pillow raises a dozen kinds of error
        raise Unreadable(file, _reason(error)) from error


def conversions(image: Image.Image) -> tuple[str, ...]:
    """What an opened picture has that is lost when it is decoded: the words for it in a receipt."""
    kinds = {
        "16 bits per channel": isinstance(image, ImageFile) and any(";16" in str(tile.args) for tile in image.tile),
        "several frames": getattr(image, "is_animated", False),
        "transparency": image.has_transparency_data,
        "CMYK": image.mode == "CMYK",
    }
    return tuple(kind for kind, found in kinds.items() if found)


def _length(file: Path) -> int:
    """The bytes of a regular file; Unreadable if it is another kind of file, which could block, or too large."""
    try:
        found = file.stat()
    except OSError as error:
        dangling = isinstance(error, FileNotFoundError) and os.path.lexists(file)
        raise Unreadable(file, "a link that leads nowhere" if dangling else _reason(error)) from error
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "a special file")
        raise Unreadable(file, f"{kind}, not a regular file")
    if not found.st_size:
        raise Unreadable(file, "the file is empty")
    if found.st_size > MOST_MEMORY:
        raise Unreadable(file, f"the file has {_exceeding(found.st_size)}")
    return found.st_size


def _exceeding(size: int) -> str:
    return f"{math.ceil(size / 2**20):,} MiB; the limit is {MOST_MEMORY // 2**20:,} MiB"


def _reason(error: Exception) -> str:
    if isinstance(error, Image.UnidentifiedImageError):
        return "not a JPEG or PNG file"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).strip().partition("\n")[0] or type(error).__name__


def _bytes_per_pixel(image: Image.Image) -> int:
    """The bytes that `square` takes for each pixel of a decoded picture, with all copies that exist at once."""
    stored = _STORED.get(image.mode, 4)
    if image.mode.startswith("I"):
        return stored + 6
    if image.has_transparency_data:  # white and both together, after a copy as RGBA if it is not one
        return stored + (8 if image.mode == "RGBA" else 12)
    return stored + (1 if image.mode == "RGB" else 4)


def _turn(image: Image.Image) -> Image.Transpose | None:
    """The turn that shows the picture upright; None if it is upright or its EXIF data cannot be read."""
    try:
        return TURNS.get(image.getexif().get(Tag.Orientation, 1))
    except Exception:  # the pixels are sound: broken notes about them must not end a run
        return None


def _in_mode(image: Image.Image, mode: str) -> Image.Image:
    return image if image.mode == mode else image.convert(mode)  # `convert` would copy it


def _opaque(image: Image.Image) -> Image.Image:
    """The picture with 8 bits per channel, with white behind transparent pixels."""
    if image.mode.startswith("I"):  # 16 bits, which `convert` would clip to 255 instead of scaling
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if not image.has_transparency_data:
        return image
    layer = _in_mode(image, "RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)


def _scaled(image: Image.Image, size: int) -> Image.Image:
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    return image.resize((size, size), Image.Resampling.BILINEAR, box=(left, top, left + side, top + side))
