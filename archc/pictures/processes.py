"""Prepares pictures in processes of its own, whose results come in order and through shared memory.

A process ends when its input does, so none outlives the one that started it, whatever ends that.
"""

from __future__ import annotations

import json
import mmap
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Generator, Iterable
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

from archc.failure import Failure
from archc.pictures.decoding import Unreadable
from archc.pictures.preparation import Prepared
from archc.pictures.preparing import Layout, Preparer, Task


class Processes:
    """Processes that prepare pictures, started when the first picture is wanted. Close it."""

    def __init__(self, prepare: Preparer, count: int) -> None:
        self._prepare = prepare
        self._count = count
        self._started: list[subprocess.Popen[bytes]] = []
        self._memory: BinaryIO | None = None

    def in_order(self, tasks: Iterable[Task], example: Prepared, *, ahead: int, kept: int) -> Generator[Prepared]:
        """The results of tasks in their order, which are like the example; `ahead` more are prepared in advance.

        The arrays of a result change after `kept` more have been taken.
        """
        layout, slots = Layout.of(example), ahead + kept + 1
        memory = self._shared(slots, layout)
        waiting: deque[tuple[int, Task]] = deque()
        left = enumerate(tasks)
        try:
            while True:
                for number, task in islice(left, ahead + 1 - len(waiting)):
                    self._tell(number, ["task", number % slots, *task])
                    waiting.append((number, task))
                if not waiting:
                    return
                number, task = waiting[0]
                self._answered(number, task)
                waiting.popleft()
                yield layout.views(memory, number % slots)
        finally:
            if waiting:  # answers that nobody wants are on their way
                self._end()

    def close(self) -> None:
        """End the processes."""
        self._end()
        if self._memory is not None:
            self._memory.close()
            self._memory = None

    def _shared(self, slots: int, layout: Layout) -> mmap.mmap:
        """Memory that is shared with all processes, which are started if there are none."""
        if self._memory is None:
            self._memory = _memory()
        size, descriptor = slots * layout.size, self._memory.fileno()
        if os.fstat(descriptor).st_size < size:
            os.ftruncate(descriptor, size)
        if not self._started:
            self._started = [self._start(descriptor) for _ in range(self._count)]
            for number in range(self._count):
                self._write(number, self._prepare.to_json())
        for number in range(self._count):
            self._tell(number, ["layout", slots, *layout])
        return mmap.mmap(descriptor, size)

    def _start(self, descriptor: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "archc.pictures.preparing", str(descriptor)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(descriptor,),
            process_group=0,  # a signal for the run is not for them
            # A process has one picture at a time.
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )

    def _tell(self, number: int, message: list[object]) -> None:
        # Names that are not UTF-8 survive as escapes.
        self._write(number, json.dumps(message))

    def _write(self, number: int, line: str) -> None:
        process = self._started[number % self._count]
        assert process.stdin is not None
        try:
            process.stdin.write(line.encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise self._ended(process) from None

    def _answered(self, number: int, task: Task) -> None:
        """Wait for the answer to a task; raises what went wrong."""
        process = self._started[number % self._count]
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise self._ended(process)
        if (answer := json.loads(line)) is None:
            return
        reason, *unexpected = answer
        raise RuntimeError(f"{task.file}: {reason}") if unexpected else Unreadable(Path(task.file), reason)

    def _ended(self, process: subprocess.Popen[bytes]) -> Failure:
        code = process.wait()
        end = signal.Signals(-code).name if code < 0 else f"code {code}"
        help = "if the system ran out of memory, use fewer devices or a smaller `--batch`"
        return Failure(f"a process that prepares pictures ended with {end}", help)

    def _end(self) -> None:
        for process in self._started:
            process.kill()
        for process in self._started:
            process.communicate()
        self._started = []


def _memory() -> BinaryIO:
    """A file without a name, in memory where the system has such files."""
    if sys.platform == "linux":  # a folder such as /dev/shm may be small, or full
        return os.fdopen(os.memfd_create("pictures"), "w+b")
    return TemporaryFile()
