"""Code: a rule in words, with a small spec that breaks it and the same spec corrected."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Code(NamedTuple):
    """A kind of finding: a one-line title, a meaning of a few sentences, and two complete example specs.

    `failing` produces a finding of this code; it is bytes if the mistake is not expressible as text. `corrected`
    produces no finding. `backend` names the backend that reports the code, if `archc check` alone does not, and `tried`
    is the value of `--set` with which it does.
    """

    title: str
    meaning: str
    failing: str | bytes
    corrected: str
    severity: Literal["error", "advice"] = "error"
    backend: str | None = None
    tried: str | None = None
