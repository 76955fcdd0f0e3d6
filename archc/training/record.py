"""metrics.jsonl, the record of a run for programs: whole lines of JSON, whatever the disk does."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import TracebackType

from archc.failure import USAGE, Failure
from archc.files import hold


class Record:
    """metrics.jsonl, new or from its first `kept` bytes on. A context manager; leaving it closes the file."""

    def __init__(self, run: Path, kept: int | None = None) -> None:
        self._path = run / "metrics.jsonl"
        self._end = kept or 0
        if kept is not None:
            self._file = self._path.open("r+b", buffering=0)
            # Power that fails can take the last lines: what is left of them goes, too.
            self._end = _whole_lines(self._file.read(kept))
            self._file.truncate(self._end)
            self._file.seek(self._end)
            return
        try:
            # "x" fails if the file exists: of several ranks, or of two starts of one job, only one can write it.
            self._file = self._path.open("xb", buffering=0)
            hold(self._file)
        except FileExistsError:
            message = f"{self._path} exists: the run has been started before"
            raise Failure(message, "start a new run: `archc train`", USAGE) from None

    def __enter__(self) -> Record:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    @property
    def bytes(self) -> int:
        """The length of the file."""
        return self._end

    def write(self, **facts: object) -> None:
        """Add a line, and hand it to the system. If that raises OSError, the file ends with the line before."""
        finite = {key: _finite(value) for key, value in facts.items()}
        data = (json.dumps(finite, allow_nan=False) + "\n").encode()
        try:
            written = 0
            while written < len(data):  # a disk that is almost full takes a part
                written += self._file.write(data[written:])
        except OSError as error:
            self._file.truncate(self._end)
            self._file.seek(self._end)
            raise OSError(error.errno, error.strerror, str(self._path)) from error
        self._end += len(data)


def _whole_lines(data: bytes) -> int:
    return data.rfind(b"\n") + 1


def _finite(value: object) -> object:
    """The value, or None in place of NaN and infinity, which JSON cannot express."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
