"""A backend's process: started, waited for, and ended with archc."""

from __future__ import annotations

import signal
import subprocess
import sys
from types import FrameType

KNOWN_CODES = (0, 1, 2, 3, 130)
PATIENCE = 10.0
"""Seconds that an interrupted process has to end by itself."""


def run_to_end(command: list[str]) -> int:
    """Run a command that shares this terminal; its exit code in archc's terms. Ctrl-C and SIGTERM end it too."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _in_our_terms(process.wait())
    except KeyboardInterrupt:
        _end(process)
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that a terminal has interrupted as well; end it where none has."""
    for ask in (lambda: None, process.terminate, process.kill):
        ask()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            continue
        except KeyboardInterrupt:  # asked again: no more patience
            continue
        return


def _in_our_terms(code: int) -> int:
    if code in KNOWN_CODES:
        return code
    if code < 0:
        name = signal.Signals(-code).name
        reason = "; the system may have run out of memory" if -code == signal.SIGKILL else ""
        print(f"error: the training process was ended by {name}{reason}", file=sys.stderr)
    else:
        print(f"error: the training process ended with code {code}", file=sys.stderr)
    return 3
