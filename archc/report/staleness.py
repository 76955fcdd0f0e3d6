"""Why an emitted file is not what archc emits now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Reason = Literal["absent", "foreign", "edited", "spec", "text", "emission"]

SAID: dict[Reason, str] = {
    "absent": "it is not there",
    "foreign": "it was not emitted by archc",
    "edited": "it has been edited since archc emitted it",
    "spec": "the spec has changed",
    "text": "the spec's text has changed, though not what it describes",
    "emission": "the spec is the same, but its name, the options, archc or the backend is another",
}


def why(reasons: Iterable[Reason]) -> str:
    """The reasons in a sentence's words."""
    return ", and ".join(SAID[reason] for reason in reasons)
