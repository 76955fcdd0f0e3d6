"""Whether a process trains in the folder of a run. Only one may: it holds a lock, which ends with it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from archc.failure import USAGE, Failure


@contextmanager
def held(run: Path) -> Generator[None]:
    """Hold the lock of a run; a Failure if another process does."""
    descriptor = os.open(run, os.O_RDONLY)  # of the folder: files in it are replaced
    try:
        if not _locked(descriptor):
            raise Failure(f"another process trains in {run}", "wait for its end, or end it", USAGE)
        yield
    finally:
        os.close(descriptor)


def is_running(run: Path) -> bool:
    """Whether a process trains in the folder of a run."""
    descriptor = os.open(run, os.O_RDONLY)
    try:
        return not _locked(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
