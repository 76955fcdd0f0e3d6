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
    from rich.progress import ProgressColumn, Task
    from rich.table import Table

EVERY = 10.0
"""Seconds between two plain lines."""

_SHORTEST = 8
"""The least width of a bar."""


class Progress(Protocol):
    """The progress of one task of `total` parts. Use it with `contextlib.closing`."""

    def show(self, done: int, *notes: str) -> None:
        """Show that `done` parts are done, with notes beside the count, the most important one first."""
        ...

    def say(self, line: str) -> None:
        """Print a line of its own, above the bar if there is one."""
        ...

    def close(self) -> None:
        """Stop showing progress. Closing twice is allowed."""
        ...


def progress(what: str, total: int, *, began: float | None = None) -> Progress:
    """A bar if a person watches, else plain lines.

    `began` is the reading of the steady clock from which time is counted, if the task began before this call. The time
    left is estimated from the parts after the first one alone.
    """
    watched = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    return Bar(what, total, began) if watched else Lines(what, total, began)


class Lines:
    """Plain lines for a pipe, a log or a dumb terminal: for the first and the last part, and every ten seconds."""

    def __init__(self, what: str, total: int, began: float | None = None) -> None:
        self._what = what
        self._total = total
        self._has_begun = began is not None
        self._last = time.monotonic()
        self._began = self._last if began is None else began
        self._first: tuple[int, float] | None = None

    def show(self, done: int, *notes: str) -> None:
        now = time.monotonic()
        is_first = self._first is None
        self._first = self._first or (done, now)
        if not is_first and done != self._total and now - self._last < EVERY:
            return
        self._last = now
        parts = [f"{self._what} {done}/{self._total}", *notes, self._time(done, now, *self._first)]
        self.say("  ".join(part for part in parts if part))

    def say(self, line: str) -> None:
        print(line, flush=True)

    def close(self) -> None:
        pass

    def _time(self, done: int, now: float, first: int, at: float) -> str:
        if done == self._total:
            return f"in {duration(now - self._began)}"
        # The first part says nothing of the others: a framework compiles and allocates memory in its first step.
        if done > first:
            return f"ETA {duration((now - at) / (done - first) * (self._total - done))}"
        return f"first after {duration(now - self._began)}" if self._has_begun else ""


class Bar:
    """A bar that stays on the last line of a terminal, with the time left."""

    def __init__(self, what: str, total: int, began: float | None = None) -> None:
        self._bar = _rich_bar()
        self._task = self._bar.add_task(what, total=total, notes=())
        if began is not None:
            self._bar.tasks[0].start_time = began
        self._bar.start()

    def show(self, done: int, *notes: str) -> None:
        self._bar.update(self._task, completed=done, notes=notes)

    def say(self, line: str) -> None:
        self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        self._bar.stop()


def _literal(text: str) -> ProgressColumn:
    from rich.progress import TextColumn

    return TextColumn(text.replace("{", "{{").replace("}", "}}"), markup=False)


def _rich_bar() -> RichProgress:
    # Imported here, since only a terminal needs it and it takes a tenth of a second.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as RichProgress
    from rich.progress import TimeElapsedColumn as Elapsed
    from rich.progress import TimeRemainingColumn as Remaining

    what, count = TextColumn("{task.description}", markup=False), MofNCompleteColumn()
    bar = BarColumn(bar_width=None)
    elapsed, eta, remaining = Elapsed(), TextColumn("ETA"), Remaining()

    class Fitting(RichProgress):
        """Omits the bar on a narrow terminal, then times, notes and the name, and never cuts a number."""

        def make_tasks_table(self, tasks: Iterable[Task]) -> Table:
            tasks = [*tasks]
            notes = [_literal(note) for task in tasks for note in task.fields["notes"]]
            columns: list[ProgressColumn] = [what, bar, count, *notes, elapsed, eta, remaining]
            first, more = notes[:1], [(note,) for note in reversed(notes[1:])]
            for omitted in ((bar,), (elapsed,), *more, (eta, remaining), (*first,), (what,)):
                if all(self._width(columns, task) <= self.console.width for task in tasks):
                    break
                columns = [column for column in columns if column not in omitted]
            self.columns, self.expand = tuple(columns), bar in columns
            return super().make_tasks_table(tasks)

        def _width(self, columns: list[ProgressColumn], task: Task) -> int:
            widths = [self.console.measure(column(task)).maximum for column in columns if column is not bar]
            return sum(widths) + _SHORTEST * (bar in columns) + len(columns) - 1

    return Fitting(console=Console(), expand=True)
