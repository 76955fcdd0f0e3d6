"""Emitted files. archc overwrites a file only if it emitted that file itself and nobody has edited it since."""

from __future__ import annotations

import sys
from pathlib import Path

from archc.emit.seal import PYTHON, Comment, is_sealed, was_sealed
from archc.failure import Failure
from archc.files import write_whole

STANDARD_OUTPUT = Path("-")


def write_out(text: str) -> None:
    """Write the text of a file to standard output as UTF-8, whatever the encoding of the terminal."""
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()


def write_sealed(place: Path, text: str, comment: Comment = PYTHON, *, force: bool) -> None:
    """Write sealed text to a file. Refuses to overwrite a file without a valid seal, unless `force` is set."""
    try:
        if place.exists() and not place.is_file():
            kind = "a folder" if place.is_dir() else "not a regular file"
            raise Failure(f"cannot write {place}: it is {kind}", help="name another file with `-o`", code=2)
        if place.exists() and not force:
            _refuse_foreign(place, comment)
        write_whole(place, text.encode())
    except OSError as error:
        raise Failure(f"cannot write {place}: {error.strerror}", help="name another file with `-o`", code=3) from error


def _refuse_foreign(place: Path, comment: Comment) -> None:
    # A file with other bytes is foreign, whatever they decode to.
    present = place.read_text(encoding="utf-8-sig", errors="replace")
    if is_sealed(present, comment):
        return
    why = "was edited after archc emitted it" if was_sealed(present, comment) else "was not emitted by archc"
    help = "overwrite it with `--force`, or name another file with `-o`"
    raise Failure(f"{place} {why}", help=help, code=2)
