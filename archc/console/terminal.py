"""The terminal that a stream goes to, if any: its colours and its width."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TextIO

from archc.wording import WIDTH

if TYPE_CHECKING:
    from archc.diagnostics.text import Style

LAYER_TABLE = 200
"""The width of the layer table without a terminal: a log must have the columns that a terminal can show later."""
_LEAST, _UNKNOWN = 20, 80


def wants_colour(stream: TextIO) -> bool:
    """Whether to use colours: on a terminal, unless it is dumb or NO_COLOR is set (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def style_of(stream: TextIO) -> Style:
    """The style for a stream, with colours if it wants them."""
    from archc.diagnostics.text import ansi, unstyled  # JSON output has no style

    return ansi if wants_colour(stream) else unstyled


def columns(stream: TextIO, *, piped: int = WIDTH) -> int:
    """The width for output to a stream: `COLUMNS` if that is set, else that of the terminal, or `piped` without one."""
    wanted = os.environ.get("COLUMNS", "")
    if wanted.isdecimal() and int(wanted):
        return max(int(wanted), _LEAST)
    if not stream.isatty():
        return piped
    try:
        # Not that of shutil, which asks standard output: a pipe, while findings go to the terminal.
        return max(os.get_terminal_size(stream.fileno()).columns, _LEAST)
    except OSError:  # a terminal that does not know its size
        return _UNKNOWN
