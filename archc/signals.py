"""The signals that ask a process to end, and the one orderly way in which archc's processes follow them."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from types import FrameType

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a request to end such as that of `docker stop`, and a closed terminal."""

_asked: list[int] = []
"""The signal that has asked this process to end, if one has."""

_deferring: list[Callable[[], bool]] = []
"""Of work that ends itself when it is asked to: whether it does so now."""

Handler = Callable[[int, FrameType | None], None]


class Stopped(KeyboardInterrupt):
    """A signal has asked this process to end."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def code_of(error: BaseException) -> int | None:
    """The exit code of a process that ends with an error because it was asked to end; None for other errors.

    As shells count: 130 for Ctrl-C, 143 for SIGTERM. Libraries in C turn the exception of a signal into their own.
    """
    if _asked:
        return 128 + _asked[0]
    if isinstance(error, Stopped):
        return 128 + error.number
    return 128 + signal.SIGINT if isinstance(error, KeyboardInterrupt) else None


CODES = tuple(128 + number for number in STOPS)
"""The exit codes of processes that were asked to end."""


def asked() -> int | None:
    """The signal that has asked this process to end, if one has.

    Stopped alone is not enough to end long work: it is lost if the signal comes while Python closes a generator.
    """
    return _asked[0] if _asked else None


def is_deferring() -> bool:
    """Whether the work of this process ends itself when it is asked to."""
    return any(now() for now in _deferring)


@contextmanager
def deferring(now: Callable[[], bool]) -> Generator[None]:
    """Within the context, while `now` is true, the first signal to end raises nothing: the work looks at `asked`."""
    _deferring.append(now)
    try:
        yield
    finally:
        _deferring.remove(now)


def heed_stops() -> None:
    """Raise Stopped in the main thread at the first signal to end; a second one ends the process at once."""
    for number in heeded(STOPS):
        signal.signal(number, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    _asked.append(number)
    for each in heeded(STOPS):
        signal.signal(each, signal.SIG_DFL)
    if not is_deferring():
        raise Stopped(number)


def heeded(numbers: Iterable[int]) -> list[int]:
    """The signals that this process does not ignore. `nohup`, and shells for jobs in the background, ignore some."""
    return [number for number in numbers if signal.getsignal(number) != signal.SIG_IGN]


def ignore_stops() -> None:
    """Let no signal to end cut off what this process still has to do."""
    for number in heeded(STOPS):
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def handled(handlers: dict[int, Handler]) -> Generator[None]:
    """Within the context, signals that are not ignored call these handlers."""
    before = {number: signal.signal(number, handlers[number]) for number in heeded(handlers)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
