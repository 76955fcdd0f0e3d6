"""A failure that ends a command or a run and is not a finding: a message, a help line and an exit code."""

from __future__ import annotations

import errno
import os

FINDING = 1
USAGE = 2
ENVIRONMENT = 3
INTERRUPTED = 130


class Failure(Exception):
    """Wrong usage, or a problem of the environment. Shown without a traceback."""

    def __init__(self, message: str, help: str = "", code: int = ENVIRONMENT) -> None:
        super().__init__(message, help, code)
        self.message = message
        self.help = help
        self.code = code

    def __str__(self) -> str:
        from archc.wording import visible  # imported only by runs that fail

        # The message may quote names of files, options and layers, which may contain control characters.
        return f"error: {visible(self.message)}" + (f"\n  {visible(self.help)}" if self.help else "")


_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)
"""A disk that is full, a quota or a limit that is reached, a file system that cannot be written, a broken device."""


def disk_failure(error: BaseException | None, *, below: str = "a temporary folder") -> Failure | None:
    """The Failure for an error whose cause is a disk; None for other errors.

    `below` is where the disk is written, for an error that does not name a file.
    """
    texts = {os.strerror(number): number for number in _DISK}
    while error is not None:
        number = error.errno if isinstance(error, OSError) else None
        # Frameworks raise errors of their own that only quote the system's text.
        number = number or next((each for text, each in texts.items() if text in str(error)), None)
        if number in _DISK:
            place = getattr(error, "filename", None) or below
            verb = "read or write" if number == errno.EIO else "write"
            full = number in (errno.ENOSPC, errno.EDQUOT)
            help = "free some space there" if full else "use a folder that can be written"
            return Failure(f"cannot {verb} {place}: {os.strerror(number)}", help)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return None
