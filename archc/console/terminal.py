"""The terminal that a stream goes to, if any: its colours and its width."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from archc.diagnostics.text import Style


def wants_colour(stream: TextIO) -> bool:
    """Whether to use colours: on a terminal, unless it is dumb or NO_COLOR is set (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def style_of(stream: TextIO) -> Style:
    """The style for a stream, with colours if it wants them."""
    from archc.diagnostics.text import ansi, unstyled  # JSON output has no style

    return ansi if wants_colour(stream) else unstyled


def columns(stream: TextIO, *, otherwise: int) -> int:
    """The width of the stream's terminal, or `otherwise` if the stream is not a terminal."""
    return shutil.get_terminal_size().columns if stream.isatty() else otherwise
