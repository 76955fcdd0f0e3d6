"""Files that are replaced as a whole: a reader never sees a part of one, whatever happens to the writer.

And the short form of a path, for output.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path


def relative(place: Path) -> Path:
    """An absolute path as a person knows it: relative to the current folder if it is below it."""
    return place.relative_to(Path.cwd()) if place.is_relative_to(Path.cwd()) else place


def write_whole(place: Path, data: bytes) -> None:
    """Replace a file's contents, or create the file and its folders.

    If writing fails or the process is killed, the old contents stay. A symbolic link keeps its target; an existing file
    keeps its mode.
    """
    place = Path(os.path.realpath(place))
    mode = stat.S_IMODE(place.stat().st_mode) if place.exists() else None
    place.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, since a file can be moved atomically only within its file system.
    part = place.with_name(f".{place.name}.{os.urandom(4).hex()}")
    # A new file's mode is 0o666 minus the umask. The kernel applies it; Python could read the umask only by setting it.
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        if mode is not None:
            part.chmod(mode)  # the umask may have taken bits away
        part.replace(place)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
