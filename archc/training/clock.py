"""When `archc train` began, for its training process: the time that a run reports is that of the whole command."""

from __future__ import annotations

import os
import time
from contextlib import suppress

BEGAN = "ARCHC_BEGAN"
"""The environment variable with the reading of the machine's steady clock when the command began."""

_OWN = time.monotonic()


def begin() -> float:
    """Start the clock, for this process and for those that it starts; its reading."""
    began = time.monotonic()
    os.environ[BEGAN] = repr(began)
    return began


def began() -> float:
    """The reading of the clock when the command began. A training process that is started by hand counts from its own
    start."""
    with suppress(ValueError):
        found = float(os.environ.get(BEGAN, ""))
        if found <= _OWN:
            return found
    return _OWN
