"""Files that are replaced as a whole: a reader never sees a part of one, whatever happens to the writer.

`write_whole` is for what a command can write again. `write_durably` is for what would be lost: the bytes are on the
disk when it returns, and `reserve` takes the room for them before the work that they are the result of.
`hold` shows that a process works on a file, and `alone` that it works in a folder. `relative` is the short form of a
path, for output.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import IO

_ALIKE = 0.8
_MOST = 1000


def relative(place: Path) -> Path:
    """An absolute path as a person knows it: relative to the current folder if it is below it."""
    return place.relative_to(Path.cwd()) if place.is_relative_to(Path.cwd()) else place


def similar(missing: Path, fits: Callable[[Path], bool]) -> Path | None:
    """The path that is probably meant: of those beside it that fit, the one with the nearest name, less its suffix."""
    from difflib import get_close_matches  # only for a path that is missing, for the time of start-up

    with suppress(OSError, ValueError):  # a folder that cannot be read, or a null byte in the path
        there = {each.stem: each for each in sorted(islice(missing.parent.iterdir(), _MOST)) if fits(each)}
        if close := get_close_matches(missing.stem, there, n=1, cutoff=_ALIKE):
            return missing.with_name(there[close[0]].name)
    return None


def write_whole(place: Path, data: bytes) -> None:
    """Replace a file's contents, or create the file and its folders.

    If writing fails or the process is killed, the old contents stay. A symbolic link keeps its target; an existing file
    keeps its mode.
    """
    place = Path(os.path.realpath(place))
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(place)) from None
    # Without fsync, which takes 2 to 60 times as long as the rest: `archc fmt` writes many files.
    _replace(place, data, sync=False)


def write_durably(place: Path, data: bytes) -> None:
    """Replace a file's contents, or create the file in its folder, in the room that `reserve` took, if it did.

    The bytes and the file's name are on the disk when this returns. If it fails, the old contents stay.
    """
    own = _part(place, os.urandom(4).hex())
    try:
        _part(place, _RESERVED).rename(own)  # of several processes that write a file, only one can have the room
    except FileNotFoundError:
        _replace(place, data, sync=True)
    else:
        with _removed_on_failure(own, place):
            with own.open("r+b") as file:
                file.write(data)
                file.truncate()
                file.flush()
                os.fsync(file.fileno())
            own.replace(place)
    sync_folder(place.parent)


def reserve(place: Path, size: int) -> None:
    """Take the room on the disk for a file of `size` bytes, which `write_durably` then fills.

    Only one process can reserve a place: FileExistsError tells the others that it is taken.
    """
    part = _part(place, _RESERVED)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    with _removed_on_failure(part, place), os.fdopen(descriptor, "wb") as file:
        try:
            os.posix_fallocate(descriptor, 0, max(size, 1))
        except (AttributeError, OSError) as error:
            # macOS has no such call, and some file systems do not support it.
            if isinstance(error, OSError) and error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                raise
            for _ in range(0, size, _BLOCK):
                file.write(bytes(_BLOCK))


def release(place: Path) -> None:
    """Give back the room that `reserve` took for a file and that was not used."""
    _remove(_part(place, _RESERVED))


def is_reserve(file: Path, place: Path) -> bool:
    """Whether a file is the room that was taken for `place`."""
    return file == _part(place, _RESERVED)


def remove_parts(folder: Path) -> None:
    """Remove what a killed writer left in a folder: the parts of files, and room that was reserved."""
    for part in folder.glob(".*.part"):
        _remove(part)


def hold(file: IO[bytes]) -> None:
    """Show other processes that this one works on a file, until it is closed or the process has ended."""
    with suppress(OSError):  # not every file system can lock
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_held(place: Path) -> bool:
    """Whether a process works on a file, as far as the system knows."""
    with suppress(OSError), place.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@contextmanager
def alone(folder: Path) -> Generator[bool]:
    """Whether no other process works in a folder, as far as the system knows; within the context, this one does."""
    descriptor = os.open(folder, os.O_RDONLY)
    is_alone = True
    try:
        with suppress(OSError):  # not every file system can lock
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                is_alone = False
        yield is_alone
    finally:
        os.close(descriptor)


_RESERVED = "reserved"
_BLOCK = 1 << 20


def _remove(part: Path) -> None:
    # A disk that does not allow this has already failed: the first error is the one to report.
    with suppress(OSError):
        part.unlink(missing_ok=True)


def _part(place: Path, tag: str) -> Path:
    """The file that becomes `place`. In the same folder: a file is moved atomically only within its file system."""
    return place.with_name(f".{place.name}.{tag}.part")


def _replace(place: Path, data: bytes, *, sync: bool) -> None:
    mode = stat.S_IMODE(place.stat().st_mode) if place.exists() else None
    part = _part(place, os.urandom(4).hex())
    with _removed_on_failure(part, place):
        # A new file's mode is 0o666 minus the umask. The kernel applies it; Python could read the umask only by setting
        # it.
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            if sync:
                file.flush()
                os.fsync(descriptor)
        if mode is not None:
            part.chmod(mode)  # the umask may have taken bits away
        part.replace(place)


@contextmanager
def _removed_on_failure(part: Path, place: Path) -> Generator[None]:
    """Remove the part if the block fails; an error of the system then names the file that was to be written."""
    try:
        yield
    except BaseException as error:
        _remove(part)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(place)) from error
        raise


def sync_folder(folder: Path) -> None:
    """Put the names of a folder's files on the disk: a rename alone may be lost with the power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # file systems over a network may not support this
            raise
    finally:
        os.close(descriptor)
