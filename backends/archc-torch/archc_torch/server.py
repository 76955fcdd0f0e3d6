"""The process from which the ranks of a run are forked.

It imports PyTorch once for all ranks, while the run begins: each rank would take seconds for it, and ranks on one
machine would take turns. It computes nothing and has no CUDA context, so a fork of it is as good as a new process.
"""

from __future__ import annotations

import multiprocessing
import sys
from multiprocessing import forkserver

METHOD = "forkserver" if sys.platform == "linux" else "spawn"
"""How a rank's process starts. On macOS, a process that has loaded the system's libraries must not be forked."""

IMPORTED = ("archc.training.process", "archc_torch.launch", "archc_torch.rank", "archc.dataset", "torch._dynamo")
"""What a rank imports. Optimizers of PyTorch import the last one, when they are made."""


def prepare_ranks() -> None:
    """Start that process, which imports in the background."""
    if METHOD == "forkserver":
        multiprocessing.set_forkserver_preload([*IMPORTED])
        forkserver.ensure_running()
