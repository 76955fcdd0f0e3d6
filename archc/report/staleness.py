"""The reasons that an emitted file is out of date."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Reason = Literal["absent", "foreign", "edited", "spec", "text", "emission"]

SAID: dict[Reason, str] = {
    "absent": "the file does not exist",
    "foreign": "the file was not emitted by archc",
    "edited": "the file was edited after archc emitted it",
    "spec": "the spec has changed",
    "text": "the text of the spec has changed, but not the network",
    "emission": "the spec is the same, but its name, the options, archc or the backend has changed",
}


def why(reasons: Iterable[Reason]) -> str:
    """The reasons as one phrase."""
    return ", and ".join(SAID[reason] for reason in reasons)
