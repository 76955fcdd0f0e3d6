"""metrics.jsonl, the record of a run for programs: whole lines of JSON, whatever the disk does."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import cast

from archc.failure import USAGE, Failure
from archc.files import hold, is_held
from archc.training.appending import Appending


class Record:
    """metrics.jsonl, new or from its first `kept` bytes on. A context manager; leaving it closes the file."""

    def __init__(self, run: Path, kept: int | None = None) -> None:
        path = run / "metrics.jsonl"
        if not path.exists():  # of a run that goes on, too: what power that fails takes is only the record
            kept = None
        if kept is not None and is_held(path):
            raise Failure(f"another process trains in {run}", "wait for its end, or end it", USAGE)
        try:
            self._lines = Appending(path, None if kept is None else _whole_lines(path, kept))
        except FileExistsError:
            message = f"{path} exists: the run has been started before"
            raise Failure(message, "start a new run: `archc train`", USAGE) from None
        hold(self._lines.file)

    def __enter__(self) -> Record:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._lines.close()

    @property
    def bytes(self) -> int:
        """The length of the file."""
        return self._lines.end

    def write(self, **facts: object) -> None:
        """Add a line, and hand it to the system. If that raises OSError, the file ends with the line before."""
        finite = {key: _finite(value) for key, value in facts.items()}
        self._lines.write((json.dumps(finite, allow_nan=False) + "\n").encode())


def is_running(run: Path) -> bool:
    """Whether a process trains in the folder of a run."""
    return is_held(run / "job.json") or is_held(run / "metrics.jsonl")


def _whole_lines(path: Path, kept: int) -> int:
    """The bytes of the whole lines among the first `kept` bytes: power that fails can take the last ones."""
    with path.open("rb") as file:
        return file.read(kept).rfind(b"\n") + 1


def _finite(value: object) -> object:
    """The value, or None in place of NaN and infinity, which JSON cannot express."""
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in cast("Mapping[str, object]", value).items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
