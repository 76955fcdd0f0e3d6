"""What kind of thing output goes to."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from archc.diagnostics.text import Style


def wants_colour(stream: TextIO) -> bool:
    """Colours on a terminal, unless NO_COLOR is set (no-color.org) or the terminal is dumb."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def style_of(stream: TextIO) -> Style:
    """How a stream shows what stands out: in colour where it wants that."""
    from archc.diagnostics.text import ansi, unstyled  # what programs read has no style

    return ansi if wants_colour(stream) else unstyled


def columns(stream: TextIO, *, otherwise: int) -> int:
    """The width of the terminal that a stream goes to, `otherwise` where it goes to none."""
    return shutil.get_terminal_size().columns if stream.isatty() else otherwise
