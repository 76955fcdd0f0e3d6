"""Checks that pictures can be read, all of them before a run, since a run may come to one only after hours.

Decoding a large set would take as long as an epoch. So a JPEG is read at its start and its end and a PNG by its
checksums, and only a file that is doubtful by these is decoded.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from archc.failure import FINDING, Failure
from archc.pictures.ahead import in_order
from archc.pictures.decoding import Unreadable, opened, square
from archc.training.progress import progress
from archc.wording import counted, listed

END_OF_JPEG = b"\xff\xd9"


def check_files(files: Sequence[Path], size: int, *, threads: int = 4) -> None:
    """Raise one Failure for all files that are not readable pictures, to be scaled to `size` pixels."""
    broken: list[Unreadable] = []
    with closing(progress("checking pictures", len(files))) as shown:
        found = in_order(lambda file: _unreadable(file, size), files, threads=threads, ahead=64 * threads)
        for done, unreadable in enumerate(found, 1):
            if unreadable is not None:
                broken.append(unreadable)
            shown.show(done)
    broken.sort(key=lambda each: each.file)
    if len(broken) == 1:
        raise broken[0]
    if broken:
        named = listed([f"{each.file} ({each.reason})" for each in broken])
        message = f"cannot read {counted(len(broken), 'picture')} of {len(files):,}: {named}"
        raise Failure(message, "replace these files or remove them", FINDING)


def _unreadable(file: Path, size: int) -> Unreadable | None:
    """Why a picture cannot be read; None if it can be."""
    if _is_sound(file, size):
        return None
    try:
        square(file, size, channels=3)
    except Unreadable as failure:
        return failure
    return None


def _is_sound(file: Path, size: int) -> bool:
    """Whether a file is certainly a whole picture."""
    try:
        with opened(file, size) as image:
            if image.format == "PNG":
                image.verify()
                return True
        with file.open("rb") as end:
            end.seek(-len(END_OF_JPEG), os.SEEK_END)
            return end.read() == END_OF_JPEG
    except (Unreadable, OSError):
        return False
