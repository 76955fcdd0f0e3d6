"""TensorFlow's start, without what it prints of itself, and Ctrl-C while it computes."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from archc.failure import INTERRUPTED, Failure

GRACE = 1.0
"""Seconds that Python has to end by itself after Ctrl-C; within TensorFlow it hears nothing of it."""


LEAVE_BAR = b"\n\x1b[?25h"
"""A new line, and the cursor that a progress bar has hidden."""


@contextmanager
def held_back(log: Path) -> Generator[None]:
    """Keep the process's stderr, its C++ libraries' included, in a file. Shown where something fails, else dropped;
    the file stays only if the process dies."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with log.open("wb") as held:
        os.dup2(held.fileno(), 2)
    try:
        yield
    except Exception as error:
        if not isinstance(error, Failure):
            with log.open("rb") as held, open(stderr, "wb", closefd=False) as shown:
                shutil.copyfileobj(held, shown)
        raise
    finally:
        sys.stderr.flush()
        os.dup2(stderr, 2)
        os.close(stderr)
        log.unlink()


def heed_interrupts() -> None:
    """Let Ctrl-C end the process even while TensorFlow computes a step or traces a function."""
    heard, told = socket.socketpair()
    told.setblocking(False)
    signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)

    def watch() -> None:
        with told:  # keeps it open
            while heard.recv(1) != bytes([signal.SIGINT]):
                pass
        time.sleep(GRACE)
        # Past sys.stderr, which a progress bar keeps for itself.
        os.write(2, b"%binterrupted\n" % (LEAVE_BAR if os.isatty(2) else b""))
        os._exit(INTERRUPTED)

    Thread(target=watch, daemon=True).start()
