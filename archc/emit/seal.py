"""The last line of emitted source: a checksum of all lines above it, by which archc knows its own unedited work."""

from __future__ import annotations

import hashlib

_MARK = "# archc "


def seal(text: str) -> str:
    """The text with its checksum as the last line."""
    return f"{text}{_line(text)}\n"


def is_sealed(text: str) -> bool:
    """Whether archc emitted the text and nobody has edited it since."""
    body, mark, _ = text.rpartition(_MARK)
    return bool(mark) and text == seal(body)


def was_sealed(text: str) -> bool:
    """Whether the text ends as emitted source does, edited or not."""
    return text.rstrip("\n").rpartition("\n")[2].startswith(_MARK)


def _line(text: str) -> str:
    return f"{_MARK}{hashlib.sha256(text.encode()).hexdigest()}"
