"""Checks that pictures can be read, all of them before a run, since a run may come to one only after hours.

Decoding a large set would take as long as an epoch. So a JPEG is read at its start and its end and a PNG by its
checksums, and only a file that is doubtful by these is decoded.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from PIL import Image

from archc.failure import FINDING, Failure
from archc.pictures.ahead import in_order
from archc.pictures.decoding import FORMATS, Unreadable, square
from archc.training.progress import progress
from archc.wording import counted, listed

END_OF_JPEG = b"\xff\xd9"


def check_files(files: Sequence[Path], *, threads: int = 4) -> None:
    """Raise one Failure for all files that are not readable pictures."""
    broken: list[Unreadable] = []
    with closing(progress("checking pictures", len(files))) as shown:
        for done, found in enumerate(in_order(_unreadable, files, threads=threads, ahead=64 * threads), 1):
            if found is not None:
                broken.append(found)
            shown.show(done)
    broken.sort(key=lambda each: each.file)
    if len(broken) == 1:
        raise broken[0]
    if broken:
        named = listed([f"{each.file} ({each.reason})" for each in broken])
        message = f"cannot read {counted(len(broken), 'picture')} of {len(files):,}: {named}"
        raise Failure(message, "replace these files or remove them", FINDING)


def _unreadable(file: Path) -> Unreadable | None:
    """Why a picture cannot be read; None if it can be."""
    if _is_sound(file):
        return None
    try:
        square(file, 1, channels=3)
    except Unreadable as failure:
        return failure
    return None


def _is_sound(file: Path) -> bool:
    """Whether a file is certainly a whole picture."""
    try:
        with Image.open(file, formats=FORMATS) as image:
            if image.format == "PNG":
                image.verify()
                return True
        with file.open("rb") as opened:
            opened.seek(-len(END_OF_JPEG), os.SEEK_END)
            return opened.read() == END_OF_JPEG
    except Exception:  # on broken files, Pillow raises a dozen kinds of error
        return False
