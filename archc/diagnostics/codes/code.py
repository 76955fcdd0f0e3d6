"""What a code holds: a rule's text, and the same small spec failing and corrected."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Code(NamedTuple):
    """A kind of finding: its one-line title, what a person should know about it, and two whole specs.

    `failing` gives a finding of this code, as bytes where no text can; `corrected` holds. Where it takes a backend to
    give the finding, `backend` names one.
    """

    title: str
    meaning: str
    failing: str | bytes
    corrected: str
    severity: Literal["error", "advice"] = "error"
    backend: str | None = None
