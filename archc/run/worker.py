"""`archc train` as one of the processes that torchrun starts: what each of them does, and what only one does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from archc.backend import Backend, load
from archc.failure import USAGE, Failure
from archc.run.process import training_module
from archc.signals import Stopped, ignore_stops
from archc.training.process import FAILED
from archc.training.worker import Worker
from archc.wording import counted

GRACE = 2.0
"""Seconds that a process waits before it ends in silence: torchrun ends the others when the first one has ended, and
one of them must be able to report."""


def devices_of(place: Worker, asked: int | None, backend: Backend) -> int:
    """The number of devices, one for each process; a Failure if another number is asked for, or the backend cannot."""
    started = f"torchrun has started {counted(place.ranks, 'process', 'processes')}"
    if asked not in (None, place.ranks):
        message = f"{started}, and `--gpus {asked}` asks for {counted(asked, 'device')}"
        raise Failure(message, f"omit `--gpus`: each process has one device, {place.ranks} in all", USAGE)
    if "data" not in backend.strategies:  # what it emits is not the part of one process
        message = f"{started}, and the backend `{backend.name}` trains all devices in one process, on one machine"
        raise Failure(message, "start it without torchrun, or use `--backend torch`", USAGE)
    return place.ranks


@contextmanager
def folder_of(place: Worker | None, asked: Path | None) -> Generator[Path | None]:
    """The folder to ask for: only the recording process has that of the run, the others one that is removed again."""
    if place is None or place.is_recording:
        yield asked
        return
    with TemporaryDirectory(prefix="archc-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def reported_once(place: Worker | None) -> Generator[None]:
    """Of the processes of one machine, which find the same before they start, only the first reports it."""
    if place is None or place.is_first:
        yield
        return
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stderr(nowhere):
        try:
            yield
        except Stopped as stop:
            raise typer.Exit(128 + stop.number) from None
        except (Failure, typer.Exit) as error:
            ignore_stops()
            time.sleep(GRACE)
            raise typer.Exit(error.code if isinstance(error, Failure) else error.exit_code) from None


@contextmanager
def told_to_others(place: Worker | None, backend: str) -> Generator[None]:
    """If this process fails before training, those on other machines end, too, instead of waiting for it."""
    try:
        yield
    except (Failure, typer.Exit) as error:
        if place is not None and place.is_first and not place.is_alone:
            code, message = error.exit_code if isinstance(error, typer.Exit) else error.code, "it cannot train"
            if isinstance(error, Failure):
                message = error.message
                print(error, file=sys.stderr, flush=True)
            _tell(code, message, backend)
            raise typer.Exit(code) from None
        raise


def _tell(code: int, message: str, backend: str) -> None:
    ignore_stops()
    try:
        module = training_module(load(backend))
    except Failure:  # then it is the reason why this process has failed
        return
    # Those that have failed as well need not be told, so it does not matter if nobody listens.
    quiet = subprocess.DEVNULL
    command = [sys.executable, "-P", "-m", module, FAILED, str(code), message]
    subprocess.run(command, stdin=quiet, stdout=quiet, stderr=quiet, check=False)
