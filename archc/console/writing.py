"""A file written whole or not at all, and over nothing that archc did not write."""

from __future__ import annotations

import sys
from pathlib import Path

from archc.emit.seal import PYTHON, Comment, is_sealed, was_sealed
from archc.failure import Failure
from archc.files import write_whole

STANDARD_OUTPUT = Path("-")


def write_out(text: str) -> None:
    """Write a file's text to standard output: its bytes, whatever characters a terminal may lack."""
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()


def write_sealed(place: Path, text: str, comment: Comment = PYTHON, *, force: bool) -> None:
    """Write what archc emitted, over nothing but what it emitted before, unedited, unless forced to."""
    try:
        if place.exists() and not place.is_file():
            kind = "a folder" if place.is_dir() else "no regular file"
            raise Failure(f"cannot write {place}: it is {kind}", help="choose another place: -o", code=2)
        if place.exists() and not force:
            _refuse_foreign(place, comment)
        write_whole(place, text.encode())
    except OSError as error:
        raise Failure(f"cannot write {place}: {error.strerror}", help="choose another place: -o", code=3) from error


def _refuse_foreign(place: Path, comment: Comment) -> None:
    present = place.read_text(encoding="utf-8", errors="replace")
    if is_sealed(present, comment):
        return
    why = "has been edited since archc emitted it" if was_sealed(present, comment) else "was not emitted by archc"
    raise Failure(f"{place} {why}", help="`--force` overwrites it, `-o` chooses another place", code=2)
