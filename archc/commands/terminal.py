"""What kind of thing output goes to."""

from __future__ import annotations

import os
import shutil
from typing import TextIO


def wants_colour(stream: TextIO) -> bool:
    """Colours on a terminal, unless NO_COLOR is set (no-color.org) or the terminal is dumb."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def columns(stream: TextIO, *, otherwise: int) -> int:
    """The width of the terminal that a stream goes to, `otherwise` where it goes to none."""
    return shutil.get_terminal_size().columns if stream.isatty() else otherwise
