"""The progress of a long task: a bar on a terminal, a plain line every ten seconds anywhere else."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Protocol

from archc.wording import duration

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.progress import Progress as RichProgress
    from rich.progress import Task
    from rich.table import Table

EVERY = 10.0
"""Seconds between two plain lines."""

_SHORTEST = 8
"""The least width of a bar."""


class Progress(Protocol):
    """The progress of one task of `total` parts. Use it with `contextlib.closing`."""

    def show(self, done: int, note: str = "") -> None:
        """Show that `done` parts are done, with a note beside the count."""
        ...

    def say(self, line: str) -> None:
        """Print a line of its own, above the bar if there is one."""
        ...

    def close(self) -> None:
        """Stop showing progress. Closing twice is allowed."""
        ...


def progress(what: str, total: int) -> Progress:
    """A bar if a person watches, else plain lines."""
    watched = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    return Bar(what, total) if watched else Lines(what, total)


class Lines:
    """Plain lines for a pipe, a log or a dumb terminal: for the first and the last part, and every ten seconds."""

    def __init__(self, what: str, total: int) -> None:
        self._what = what
        self._total = total
        self._start = self._last = time.monotonic()

    def show(self, done: int, note: str = "") -> None:
        now = time.monotonic()
        if done not in (1, self._total) and now - self._last < EVERY:
            return
        self._last = now
        parts = [f"{self._what} {done}/{self._total}", note, self._time(done, now - self._start)]
        self.say("  ".join(part for part in parts if part))

    def say(self, line: str) -> None:
        print(line, flush=True)

    def close(self) -> None:
        pass

    def _time(self, done: int, seconds: float) -> str:
        if done == self._total:
            return f"in {duration(seconds)}"
        # One part is not enough for an estimate: a framework compiles and allocates memory in its first step.
        return f"ETA {duration(seconds / done * (self._total - done))}" if done > 1 else ""


class Bar:
    """A bar that stays on the last line of a terminal, with the time left."""

    def __init__(self, what: str, total: int) -> None:
        self._bar = _rich_bar()
        self._task = self._bar.add_task(what, total=total, note="")
        self._bar.start()

    def show(self, done: int, note: str = "") -> None:
        self._bar.update(self._task, completed=done, note=note)

    def say(self, line: str) -> None:
        self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        self._bar.stop()


def _rich_bar() -> RichProgress:
    # Imported here, since only a terminal needs it and it takes a tenth of a second.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TextColumn
    from rich.progress import Progress as RichProgress
    from rich.progress import TimeElapsedColumn as Elapsed
    from rich.progress import TimeRemainingColumn as Remaining

    what, count = TextColumn("{task.description}", markup=False), MofNCompleteColumn()
    bar, note = BarColumn(bar_width=None), TextColumn("{task.fields[note]}", markup=False)
    elapsed, eta, remaining = Elapsed(), TextColumn("ETA"), Remaining()

    class Fitting(RichProgress):
        """Omits the bar on a narrow terminal, then the times, the note and the name, and never cuts a number."""

        def make_tasks_table(self, tasks: Iterable[Task]) -> Table:
            tasks = [*tasks]
            columns: list[ProgressColumn] = [what, bar, count, note, elapsed, eta, remaining]
            for omitted in ((bar,), (elapsed,), (eta, remaining), (note,), (what,)):
                if all(self._width(columns, task) <= self.console.width for task in tasks):
                    break
                columns = [column for column in columns if column not in omitted]
            self.columns, self.expand = tuple(columns), bar in columns
            return super().make_tasks_table(tasks)

        def _width(self, columns: list[ProgressColumn], task: Task) -> int:
            widths = [self.console.measure(column(task)).maximum for column in columns if column is not bar]
            return sum(widths) + _SHORTEST * (bar in columns) + len(columns) - 1

    return Fitting(console=Console(), expand=True)
