"""The signs of life of a training process, and its end when the process that started it is gone.

A thread of each process beats twice a second; it writes the number of its beats, and of the batches that the process
has finished, into a file for the process that waits for it. A process that is stopped or swapped out does not beat; one
that waits for another does.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

PERIOD = 0.5
"""Seconds between two beats."""

PATIENCE = 5.0
"""Seconds without a beat after which a process counts as stopped, and that one has to end by itself."""

START = 300.0
"""Seconds for the first batch, at least: before it, frameworks load and compile."""

PARENT = "ARCHC_PARENT"
"""The environment variable with the number of the process that waits for a training process. One that is started by
hand has none, and goes on when its shell ends."""


Beat = tuple[int, int]
"""The signs of life of a process: the number of its beats, and of the batches that it has finished."""


class Pulse:
    """The signs of life of this process, in a file for the process that waits for it.

    If that process is gone, as `is_awaited` finds, `orphaned` is called, and this process ends.
    """

    def __init__(
        self,
        is_awaited: Callable[[], bool],
        file: Path | None = None,
        *,
        orphaned: Callable[[], None] = lambda: None,
    ) -> None:
        self._is_awaited = is_awaited
        self._file = file
        self._orphaned = orphaned
        self._done = 0
        self.is_orphan = False
        """Whether that process is gone."""

    def start(self) -> None:
        """Beat until the process ends."""
        Thread(target=self._beat, name="pulse", daemon=True).start()

    def done(self) -> None:
        """Count a batch as done."""
        self._done += 1

    def _beat(self) -> None:
        beats = 0
        while self._is_awaited():
            beats += 1
            if self._file is not None:
                _write(self._file, f"{beats} {self._done}")
            time.sleep(PERIOD)
        self.is_orphan = True
        self._orphaned()
        # As on request, so that files are closed; a rank, or a framework that is computing, may not react.
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(PATIENCE)
        if os.getpgrp() == os.getpid():  # `archc train` gives it a group of its own
            os.killpg(0, signal.SIGKILL)
        os._exit(128 + signal.SIGTERM)


def _write(file: Path, text: str) -> None:
    with suppress(OSError):  # a full disk must not end a run
        file.write_text(text, encoding="ascii")


def parent() -> Callable[[], bool]:
    """Finds whether the process is there that waits for this one, as it told this one."""
    told = os.environ.get(PARENT, "")
    return (lambda: os.getppid() == int(told)) if told.isdecimal() else (lambda: True)


@dataclass
class _Sign:
    """What was last read of a process, and when it last changed."""

    beats: int = 0
    done: int = 0
    beat_at: float = field(default_factory=time.monotonic)
    done_at: float = field(default_factory=time.monotonic)


class Watch:
    """Waits for signs of life of several processes, which depend on each other."""

    def __init__(self, count: int, timeout: float) -> None:
        self._timeout = timeout
        self._looked = time.monotonic()
        self._signs = [_Sign() for _ in range(count)]

    def hung(self, signs: Iterable[Beat]) -> list[int]:
        """The processes for which the others have waited in vain for `timeout` seconds; none as long as all is well.

        `signs` are the latest of all. The processes are those that are stopped, or else those that are behind. Call it
        at least once in `PATIENCE` seconds.
        """
        now = time.monotonic()
        if now - self._looked > PATIENCE:  # this process was itself stopped, or the machine was asleep
            self._signs = [_Sign(sign.beats, sign.done) for sign in self._signs]
        self._looked = now
        for sign, (beats, done) in zip(self._signs, signs, strict=True):
            if beats > sign.beats:
                sign.beats, sign.beat_at = beats, now
            if done > sign.done:
                sign.done, sign.done_at = done, now
        started = any(sign.done for sign in self._signs)
        if now - max(sign.done_at for sign in self._signs) < (self._timeout if started else max(self._timeout, START)):
            return []
        stopped = [n for n, sign in enumerate(self._signs) if now - sign.beat_at > min(PATIENCE, self._timeout)]
        least = min(sign.done for sign in self._signs)
        return stopped or [n for n, sign in enumerate(self._signs) if sign.done == least]


def read_pulse(file: Path) -> Beat:
    """The signs of life in a file; zeros if it is not there yet, or is being written."""
    try:
        return parsed(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0, 0


def parsed(text: str) -> Beat:
    """The signs of life that a text gives, as a pulse writes them."""
    beats, done = text.split()
    return int(beats), int(done)
