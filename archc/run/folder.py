"""The folder that a run leaves behind."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from pathlib import Path

from archc.failure import Failure


def make_run_folder(asked: Path | None, name: str) -> Path:
    """A new, empty folder, absolute: the one asked for, else runs/NAME-TIME."""
    try:
        if asked is None:
            return _next_to(Path("runs") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}").resolve()
        if asked.is_dir() and any(asked.iterdir()):
            raise Failure(f"{asked} holds something already", help="`--run` takes a new or an empty folder", code=2)
        asked.mkdir(parents=True, exist_ok=True)
        return asked.resolve()
    except OSError as error:
        place, help = asked or Path("runs"), "`--run DIR` chooses another place"
        raise Failure(f"cannot make the run's folder, {place}: {error.strerror}", help=help, code=3) from error


def _next_to(folder: Path) -> Path:
    """The folder, or the first free one with a number after it: two runs may start in one second."""
    for number in count(1):
        place = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        try:
            place.mkdir(parents=True)
        except FileExistsError:
            continue
        return place
    raise AssertionError
