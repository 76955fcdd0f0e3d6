"""Prepares pictures in processes of its own, whose results come in order and through shared memory.

A process ends when its input does, so none outlives the one that started it, whatever ends that.
"""

from __future__ import annotations

import mmap
import os
import select
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from archc.failure import Failure
from archc.pictures.decoding import Unreadable
from archc.pictures.preparation import Prepared
from archc.pictures.preparing import PLACE, Layout, Preparer, Task, read_text, write_text

PATIENCE = 1000
"""Milliseconds without an answer after which the processes are checked."""


class Processes:
    """Processes that prepare pictures, started when the first picture is wanted. Close it."""

    def __init__(self, prepare: Preparer, count: int) -> None:
        self._prepare = prepare
        self._count = count
        self._started: list[subprocess.Popen[bytes]] = []
        self._memory: BinaryIO | None = None
        self._orders = self._answers = -1

    def in_order(self, tasks: Iterable[Task], example: Prepared, *, ahead: int, kept: int) -> Generator[Prepared]:
        """The results of tasks in their order, which are like the example; `ahead` more are prepared in advance.

        The arrays of a result change after `kept` more have been taken.
        """
        layout, places = Layout.of(example), ahead + kept + 1
        memory = self._shared(places * layout.size)
        waiting: deque[tuple[int, Task]] = deque()
        answered: set[int] = set()
        left = enumerate(tasks)
        try:
            while True:
                for number, task in islice(left, ahead + 1 - len(waiting)):
                    place = number % places * layout.size
                    write_text(memory, place, [task, layout])
                    self._order(place)
                    waiting.append((place, task))
                if not waiting:
                    return
                place, task = waiting[0]
                while place not in answered:
                    answered.update(self._answer())
                answered.remove(place)
                _check(read_text(memory, place), task)
                waiting.popleft()
                yield layout.views(memory, place)
        finally:
            if waiting:  # what nobody wants is being prepared
                self._end()

    def close(self) -> None:
        """End the processes."""
        self._end()
        if self._memory is not None:
            self._memory.close()
            self._memory = None

    def _shared(self, size: int) -> mmap.mmap:
        """Memory that is shared with all processes, which are started if there are none."""
        if self._memory is None:
            self._memory = _memory()
        descriptor = self._memory.fileno()
        if os.fstat(descriptor).st_size < size:
            os.ftruncate(descriptor, size)
        if not self._started:
            self._start(descriptor)
        self._check_all()
        return mmap.mmap(descriptor, size)

    def _start(self, descriptor: int) -> None:
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        theirs = (descriptor, orders, answers)
        try:
            for _ in range(self._count):
                self._started.append(_started(theirs, self._prepare))
        finally:
            os.close(orders)
            os.close(answers)

    def _order(self, place: int) -> None:
        """Let whichever process is free first prepare what is written at a place."""
        try:
            os.write(self._orders, PLACE.pack(place))
        except BrokenPipeError:
            raise self._ended() from None

    def _answer(self) -> list[int]:
        """Wait for answers; where they are."""
        poll = select.poll()
        poll.register(self._answers, select.POLLIN)
        while not poll.poll(PATIENCE):
            self._check_all()
        if found := os.read(self._answers, 512 * PLACE.size):
            return [place for (place,) in PLACE.iter_unpack(found)]
        raise self._ended()

    def _check_all(self) -> None:
        """Raises a failure if a process has ended, perhaps with an order that nobody else has."""
        if any(process.poll() is not None for process in self._started):
            raise self._ended()

    def _ended(self) -> Failure:
        """Names the end of the first process that has ended."""
        code = next((code for process in self._started if (code := process.poll()) is not None), None)
        code = self._started[0].wait() if code is None else code
        end = signal.Signals(-code).name if code < 0 else f"code {code}"
        help = "if the system ran out of memory, use fewer devices or a smaller `--batch`"
        return Failure(f"a process that prepares pictures ended with {end}", help)

    def _end(self) -> None:
        for process in self._started:
            process.kill()
        for process in self._started:
            process.wait()
        if self._started:
            os.close(self._orders)
            os.close(self._answers)
        self._started = []


def _started(theirs: Sequence[int], prepare: Preparer) -> subprocess.Popen[bytes]:
    """A process that knows how to prepare pictures."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "archc.pictures.preparing", *map(str, theirs)],
        stdin=subprocess.PIPE,
        pass_fds=theirs,
        process_group=0,  # a signal for the run is not for them
        # A process has one picture at a time.
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin as told:  # it has ended; the first answer that is missing says so
        told.write(prepare.to_json().encode() + b"\n")
    return process


def _check(answer: list[str] | None, task: Task) -> None:
    """Raises what went wrong with a task, if anything."""
    if answer is None:
        return
    reason, *unexpected = answer
    raise RuntimeError(f"{task.file}: {reason}") if unexpected else Unreadable(Path(task.file), reason)


def _memory() -> BinaryIO:
    """A file without a name, in memory where the system has such files."""
    if sys.platform == "linux":  # a folder such as /dev/shm may be small, or full
        return os.fdopen(os.memfd_create("pictures"), "w+b")
    return TemporaryFile()
