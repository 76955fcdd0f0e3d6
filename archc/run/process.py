"""The training process of a backend: started, waited for, and ended together with archc."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from types import FrameType

from archc.backend import Backend, distribution_of, use_module
from archc.failure import ENVIRONMENT, FINDING, USAGE, Failure
from archc.installing import absent, project_names, requirements_help
from archc.signals import CODES, STOPS, handled
from archc.training.pulse import PARENT
from archc.wording import joined

KNOWN_CODES = (0, FINDING, USAGE, ENVIRONMENT, *CODES)
PERIOD = 0.5
"""Seconds between two looks at a process that has been asked to end."""
PATIENCE = 25.0
"""Seconds that a process has to end its step and to save a checkpoint when it is asked to end: less than the 30 that
Slurm and Kubernetes give."""


def training_module(backend: Backend) -> str:
    """The module of a backend that trains; a Failure if it has none, or lacks what it requires."""
    if backend.train_module is None:
        message = f"the backend `{backend.name}` emits source, but cannot train it"
        raise Failure(message, help="`archc build` writes the source", code=USAGE)
    _demand_installed(backend, "train")
    return backend.train_module


def using_module(backend: Backend) -> str:
    """The module of a backend that computes with trained weights; a Failure if it cannot do that."""
    module = use_module(backend)
    if module is None:
        message = f"the backend `{backend.name}` cannot compute with trained weights: it has no `use_module`"
        raise Failure(message, help="the emitted source in the run's folder can load the weights", code=USAGE)
    _demand_installed(backend, "compute")
    return module


def _demand_installed(backend: Backend, verb: str) -> None:
    """Raise a Failure if a backend lacks what it requires."""
    if missing := absent(distribution_of(backend.name)):
        names = project_names(missing)
        are = "is" if len(names) == 1 else "are"
        message = f"the backend `{backend.name}` cannot {verb}: {joined(names)} {are} not installed"
        raise Failure(message, help=requirements_help(missing), code=ENVIRONMENT)


def run_to_end(command: list[str], *, quiet: bool = False, to_errors: bool = False, called: str = "training") -> int:
    """Run a command of Python that shares this terminal; its exit code as one of archc's.

    Ctrl-C, SIGTERM and SIGHUP ask it to end at once, and none of its processes outlives this one. If quiet, what it
    prints to standard output is dropped: its progress and its results. Its errors are not. With `to_errors`, it is
    printed to standard error, for a command that prints the results itself. Messages name the process as it is called.
    """
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # else `stty tostop` would stop a group in the background that prints
    place = subprocess.DEVNULL if quiet else sys.stderr.fileno() if to_errors else None
    process = _started(command, called, stdout=place)
    ending = _Ending(process)
    with handled({**dict.fromkeys(STOPS, ending.ask), signal.SIGTSTP: partial(_pause, process)}):
        code = ending.wait()
        _kill_group(process)  # what it may have left
    if ending.asked is None or (code >= 0 and code not in CODES):
        return _known_code(code, called)
    if code < 0:  # it could not say so itself
        killed = f": killed the {called} process" if code == -signal.SIGKILL else ""
        print(f"interrupted{killed}", file=sys.stderr)
    return 128 + ending.asked


def _started(command: list[str], called: str, *, stdout: int | None) -> subprocess.Popen[bytes]:
    """The process of a command, in a group of its own, so that each signal reaches it once: from here."""
    try:
        return subprocess.Popen(
            command,
            # Text that is typed during a run is meant for the shell, so the process gets no input.
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            process_group=0,
            # A file in the current folder must not stand for a module of the same name.
            env={**os.environ, "PYTHONSAFEPATH": "1", PARENT: str(os.getpid())},
        )
    except OSError as error:
        raise Failure(f"cannot start the {called} process, {command[0]}: {error.strerror}") from error


class _Ending:
    """Asks a process to end at the first signal to end, and kills it if it does not react or at the second signal."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.asked: int | None = None
        self._process = process
        self._latest = math.inf

    def ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked is not None:
            _kill_group(self._process)
            return
        self.asked, self._latest = number, time.monotonic() + PATIENCE
        # Not the same signal: at Ctrl-C, a Python that is just starting would print a traceback.
        self._process.terminate()

    def wait(self) -> int:
        """The exit code of the process, once it has ended."""
        while True:
            try:
                return self._process.wait(PERIOD)
            except subprocess.TimeoutExpired:
                if time.monotonic() > self._latest:
                    _kill_group(self._process)


def _pause(process: subprocess.Popen[bytes], number: int, frame: FrameType | None) -> None:
    """Stop together with a process at Ctrl-Z, until the shell continues this one."""
    os.killpg(process.pid, signal.SIGSTOP)
    os.kill(os.getpid(), signal.SIGSTOP)
    os.killpg(process.pid, signal.SIGCONT)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):  # macOS refuses it for a process that has ended
        os.killpg(process.pid, signal.SIGKILL)


_REASONS = {
    # The kernel ends the largest process with SIGKILL when memory runs out.
    "SIGKILL": "; the system may have run out of memory",
    "SIGSEGV": "; on a CPU with AVX-512, try again with ONEDNN_MAX_CPU_ISA=AVX2 in the environment",
}


def _known_code(code: int, called: str) -> int:
    """The exit code; one that archc does not use is reported, and becomes 3."""
    if code in KNOWN_CODES:
        return code
    if code < 0:
        name = signal.Signals(-code).name
        print(f"error: the {called} process was ended by {name}{_REASONS.get(name, '')}", file=sys.stderr)
    else:
        print(f"error: the {called} process ended with code {code}", file=sys.stderr)
    return ENVIRONMENT
