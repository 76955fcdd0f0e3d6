"""The process from which the ranks of a run are forked.

It imports PyTorch once for all ranks, while the run begins: each rank would take seconds for it, and ranks on one
machine would take turns. It computes nothing and has no CUDA context, so a fork of it is as good as a new process.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from multiprocessing import forkserver

METHOD = "forkserver" if sys.platform == "linux" else "spawn"
"""How a rank's process starts. On macOS, a process that has loaded the system's libraries must not be forked."""

IMPORTED = ("archc.training.process", "archc_torch.launch", "archc_torch.rank", "archc.dataset", "torch._dynamo")
"""What a rank imports. Optimizers of PyTorch import the last one, when they are made."""


LONGEST = 107 - len("/pymp-01234567/listener-01234567")
"""The longest path of a folder for temporary files in which the process can have its socket, in bytes."""

SHORT = ("/tmp", "/var/tmp", "/usr/tmp")
"""Folders that take the place of a longer one, as from Python 3.14 on."""


def prepare_ranks() -> None:
    """Start that process, which imports in the background."""
    if METHOD == "forkserver":
        multiprocessing.set_forkserver_preload([*IMPORTED])
        with _short_temporary_folder():
            forkserver.ensure_running()


@contextmanager
def _short_temporary_folder() -> Generator[None]:
    """Within the context, temporary files have a path that a socket can have, too."""
    usual = tempfile.gettempdir()
    if len(os.fsencode(usual)) > LONGEST:
        tempfile.tempdir = next((place for place in SHORT if os.access(place, os.W_OK | os.X_OK)), usual)
    try:
        yield
    finally:
        tempfile.tempdir = usual
