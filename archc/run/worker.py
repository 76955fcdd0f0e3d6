"""`archc train` as one of the processes that torchrun starts: what each of them does, and what only one does."""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from archc.backend import Backend
from archc.failure import USAGE, Failure
from archc.signals import Stopped
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
        except Failure as failure:
            time.sleep(GRACE)
            raise typer.Exit(failure.code) from None
        except typer.Exit:
            time.sleep(GRACE)
            raise
