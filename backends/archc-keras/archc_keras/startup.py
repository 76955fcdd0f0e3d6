"""Starting TensorFlow without its messages, and ending it by a signal while it computes."""

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

from archc.failure import Failure
from archc.signals import STOPS, is_deferring

GRACE = 1.0
"""Seconds that Python has to end by itself after a signal, which it does not see while TensorFlow computes."""


LEAVE_BAR = b"\n\x1b[?25h"
"""Ends the line of a progress bar and shows the cursor, which the bar has hidden."""


@contextmanager
def held_back(log: Path) -> Generator[None]:
    """Keep everything written to stderr in a file, C++ libraries included, and show it only after an unexpected error.

    The file stays only if the process dies.
    """
    sys.stderr.flush()
    stderr = os.dup(2)  # C++ writes to descriptor 2, so replacing sys.stderr would not be enough
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


def heed_interrupts(log: Path) -> None:
    """Let a signal end the process even while TensorFlow computes or traces a function; it leaves no log then."""
    shown = os.dup(2)  # stderr itself may be held back
    # Python calls signal handlers only between its own instructions. The wakeup descriptor is written by the C-level
    # handler at once, and a thread that waits for it runs whenever TensorFlow has released the interpreter lock.
    heard, told = socket.socketpair()
    told.setblocking(False)
    signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)

    def watch() -> None:
        with told:  # keeps the socket open: the wakeup descriptor is only a number
            # While training, the loop ends the process itself, after its step.
            while (number := heard.recv(1)[0]) not in STOPS or is_deferring():
                pass
        time.sleep(GRACE)
        log.unlink(missing_ok=True)
        # Not through sys.stderr, which a progress bar may have redirected.
        os.write(shown, b"%binterrupted\n" % (LEAVE_BAR if os.isatty(shown) else b""))
        os._exit(128 + number)

    Thread(target=watch, daemon=True).start()
