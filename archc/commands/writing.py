"""A file written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from tempfile import NamedTemporaryFile

from archc.commands.failure import CommandFailure


def write_whole(place: Path, data: bytes, *, mode: int) -> None:
    """Write under another name beside `place` first: until all of it is on disk, whatever was there stays."""
    with NamedTemporaryFile(dir=place.parent, prefix=".archc-", delete=False) as file:
        part = Path(file.name)
        try:
            file.write(data)
            file.close()
            part.chmod(mode)
            part.replace(place)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def rewrite(place: Path, data: bytes) -> None:
    """Write a file that is there anew, with its permissions; a link stays one."""
    try:
        real = Path(os.path.realpath(place))
        if not os.access(real, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        write_whole(real, data, mode=stat.S_IMODE(real.stat().st_mode))
    except OSError as error:
        raise CommandFailure(f"cannot write {place}: {error.strerror}", code=3) from error
