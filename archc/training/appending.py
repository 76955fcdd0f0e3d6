"""A file that grows by whole pieces, whatever the disk does."""

from __future__ import annotations

from pathlib import Path


class Appending:
    """A new file, or the first `kept` bytes of one that exists, of which the rest stays until the first `write`.

    Each piece has been handed to the system when `write` returns, or nothing of it is in the file.
    """

    def __init__(self, path: Path, kept: int | None = None) -> None:
        self._path = path
        self.end = kept or 0
        """The length of the file."""
        # "x" fails if the file exists: of several ranks, or of two starts of one job, only one can write it.
        self.file = path.open("xb" if kept is None else "r+b", buffering=0)
        self._is_cut = kept is None

    def write(self, data: bytes) -> None:
        """Add a piece. If that raises OSError, the file ends with the piece before."""
        try:
            if not self._is_cut:
                self._cut()
            written = 0
            while written < len(data):  # a disk that is almost full takes a part
                written += self.file.write(data[written:])
        except OSError as error:
            self._cut()
            raise OSError(error.errno, error.strerror, str(self._path)) from error
        self.end += len(data)

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def _cut(self) -> None:
        self.file.truncate(self.end)
        self.file.seek(self.end)
        self._is_cut = True
