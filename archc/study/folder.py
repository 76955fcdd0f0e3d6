"""The folder of a study: one process at a time works in it, and a file that cannot be written is a Failure."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from archc.failure import ENVIRONMENT, USAGE, Failure
from archc.files import alone, write_durably

ANOTHER = "use another folder: `--folder DIR`"


@contextmanager
def opened(folder: Path) -> Generator[None]:
    """Make the folder of a study, which this process has for itself within the context."""
    with _written(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with alone(folder) as is_alone:
        if not is_alone:
            raise Failure(f"another `archc study` works in {folder}", f"wait for its end, or {ANOTHER}", USAGE)
        yield


def write(place: Path, data: bytes) -> None:
    """Write a file of the study as a whole."""
    with _written(place):
        write_durably(place, data)


def open_log(place: Path) -> IO[bytes]:
    """The log of a run, at its end."""
    with _written(place):
        return place.open("ab")


@contextmanager
def _written(place: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise Failure(f"cannot write {place}: {error.strerror}", ANOTHER, ENVIRONMENT) from error
