"""A hash of all pictures of a run, by which a receipt names its data.

It is the SHA-256 of what `sha256sum` prints for the files, sorted by the bytes of their names below the root, so that
anybody can compute it again: `docs/training.md` shows the command.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from archc.pictures.ahead import in_order
from archc.pictures.decoding import Unreadable
from archc.training.progress import progress
from archc.training.result import Data

_ESCAPED = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})


def fingerprint(root: Path, files: Sequence[Path], *, threads: int = 4, called: str = "pictures") -> Data:
    """The number, the size and the hash of files below `root`. Each is read once, as a whole.

    What is shown of the progress is about what they are `called`.
    """
    names = sorted(((os.fsencode(file.relative_to(root)), file) for file in files), key=lambda each: each[0])
    whole, size = hashlib.sha256(), 0
    with (
        closing(progress(f"hashing {called}", len(names))) as shown,
        closing(in_order(_hashed, [file for _, file in names], threads=threads, ahead=64 * threads)) as hashed,
    ):
        for done, ((name, _), (digest, length)) in enumerate(zip(names, hashed, strict=True), 1):
            whole.update(_line(digest, name))
            size += length
            shown.show(done)
    return Data(files=len(names), bytes=size, sha256=whole.hexdigest())


def _hashed(file: Path) -> tuple[str, int]:
    """The SHA-256 and the number of bytes of a file."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest(), opened.tell()
    except OSError as error:
        raise Unreadable(file, error.strerror or type(error).__name__) from error


def _line(digest: str, name: bytes) -> bytes:
    """The line that `sha256sum` prints. It begins with a backslash if characters of the name are escaped."""
    shown = os.fsencode(os.fsdecode(name).translate(_ESCAPED))
    return (b"\\" if shown != name else b"") + digest.encode() + b"  " + shown + b"\n"
