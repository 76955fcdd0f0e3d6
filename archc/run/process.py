"""The training process of a backend: started, waited for, and ended together with archc."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from types import FrameType

from archc.backend import Backend, distribution_of
from archc.failure import ENVIRONMENT, FINDING, INTERRUPTED, USAGE, Failure
from archc.installing import absent, requirements_help

KNOWN_CODES = (0, FINDING, USAGE, ENVIRONMENT, INTERRUPTED)
PATIENCE = 10.0
"""Seconds that an interrupted process has to end by itself."""


def training_module(backend: Backend) -> str:
    """The module of a backend that trains; a Failure if it has none, or lacks what it requires."""
    if backend.train_module is None:
        message = f"the backend `{backend.name}` emits source, but cannot train it"
        raise Failure(message, help="`archc build` writes the source", code=USAGE)
    if missing := absent(distribution_of(backend.name)):
        names = [re.split(r"[^\w.-]", requirement)[0] for requirement in missing]
        verb = "is" if len(names) == 1 else "are"
        message = f"the backend `{backend.name}` cannot train: {' and '.join(names)} {verb} not installed"
        raise Failure(message, help=requirements_help(missing), code=ENVIRONMENT)
    return backend.train_module


def run_to_end(command: list[str], *, quiet: bool = False) -> int:
    """Run a command that shares this terminal; its exit code as one of archc's. Ctrl-C and SIGTERM end it too.

    If quiet, what it prints to standard output is dropped: its progress and its results. Its errors are not.
    """
    # Text that is typed during a run is meant for the shell, so the process gets no input.
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL if quiet else None)
    # Python would end at once on SIGTERM, and leave the training process running.
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _known_code(process.wait())
    except KeyboardInterrupt:
        _end(process)
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, before)


_REASONS = {
    # The kernel ends the largest process with SIGKILL when memory runs out.
    "SIGKILL": "; the system may have run out of memory",
    "SIGSEGV": "; on a CPU with AVX-512, try again with ONEDNN_MAX_CPU_ISA=AVX2 in the environment",
}


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process, with more force each time that it does not react."""
    # A terminal sends Ctrl-C to the whole process group, so the process may be ending already: at first, only wait.
    for ask in (lambda: None, process.terminate, process.kill):
        ask()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            continue
        except KeyboardInterrupt:  # a second Ctrl-C: do not wait any longer
            continue
        return


def _known_code(code: int) -> int:
    """The exit code; one that archc does not use is reported, and becomes 3."""
    if code in KNOWN_CODES:
        return code
    if code < 0:
        name = signal.Signals(-code).name
        print(f"error: the training process was ended by {name}{_REASONS.get(name, '')}", file=sys.stderr)
    else:
        print(f"error: the training process ended with code {code}", file=sys.stderr)
    return ENVIRONMENT
