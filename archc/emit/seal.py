"""The last line of emitted files: a comment with a checksum of all lines above it.

It lets archc overwrite a file that it emitted, and refuse to overwrite one that somebody has edited since.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple


class Comment(NamedTuple):
    """The text around a comment in one file format."""

    before: str
    after: str = ""


PYTHON = Comment("# ")
XML = Comment("<!-- ", " -->")
DOT = Comment("// ")
MERMAID = Comment("%% ")


def seal(text: str, comment: Comment = PYTHON) -> str:
    """The text with its checksum as the last line."""
    return f"{text}{_mark(comment)}{hashlib.sha256(text.encode()).hexdigest()}{comment.after}\n"


def is_sealed(text: str, comment: Comment = PYTHON) -> bool:
    """Whether archc emitted the text and nobody has edited it."""
    body, mark, _ = text.rpartition(_mark(comment))
    return bool(mark) and text == seal(body, comment)


def was_sealed(text: str, comment: Comment = PYTHON) -> bool:
    """Whether a line of the text is a checksum, whether or not it matches. Lines may have been added below it."""
    line = f"^{re.escape(_mark(comment))}[0-9a-f]{{64}}{re.escape(comment.after)}$"
    return re.search(line, text, re.MULTILINE) is not None


def _mark(comment: Comment) -> str:
    return f"{comment.before}archc "
