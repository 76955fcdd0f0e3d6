"""The last line of emitted files: a comment with a checksum of all lines above it.

It lets archc overwrite a file that it emitted, and refuse to overwrite one that somebody has edited since. The layout
of Python source does not count: a formatter may have changed it.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from archc.emit.fingerprint import fingerprint


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
    return f"{text}{_mark(comment)}{_checksum(text, comment)}{comment.after}\n"


def is_sealed(text: str, comment: Comment = PYTHON) -> bool:
    """Whether archc emitted the text and nobody has edited it."""
    body, mark, _ = text.rpartition(_mark(comment))
    return bool(mark) and text.rstrip() == seal(body, comment).rstrip()


def was_sealed(text: str, comment: Comment = PYTHON) -> bool:
    """Whether archc emitted the text, even if somebody has edited it: it has a checksum, or names its origin."""
    # A file of which the end is lost still has the docstring that `archc.emit.prose` begins it with.
    return bool(re.search(f"{re.escape(_mark(comment))}[0-9a-f]{{64}}", text)) or "Emitted by `archc " in text


def _checksum(text: str, comment: Comment) -> str:
    kept = fingerprint(text) if comment == PYTHON else text
    return hashlib.sha256(kept.encode(errors="surrogatepass")).hexdigest()


def _mark(comment: Comment) -> str:
    return f"{comment.before}archc "
