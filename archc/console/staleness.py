"""Whether a file is what archc emits now, and if not, why not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from archc.backend import Origin
from archc.emit.seal import is_sealed, was_sealed
from archc.failure import Failure
from archc.report.staleness import Reason

_HASH = re.compile(r"\b[0-9a-f]{64}\b")


def staleness(place: Path, origin: Origin, emit: Callable[[Origin], str]) -> tuple[Reason, ...]:
    """Why a file is not what `emit` gives for the spec as it is now; nothing where it is."""
    present = _read(place)
    if present is None:
        return ("absent",)
    if present == emit(origin):
        return ()
    if not was_sealed(present):
        return ("foreign",)
    since = _since(present, origin, emit)
    return (since,) if is_sealed(present) else ("edited", "spec") if since == "spec" else ("edited",)


def _since(present: str, origin: Origin, emit: Callable[[Origin], str]) -> Reason:
    """What has changed since the file was emitted, by the hash of the spec that it names."""
    named = _HASH.search(present)
    if named is None or named[0] == origin.sha256:
        return "emission"
    return "text" if emit(replace(origin, sha256=named[0])) == present else "spec"


def _read(place: Path) -> str | None:
    """The text of a file, its line ends as any system writes them; None where there is none."""
    try:
        if place.exists() and not place.is_file():
            raise Failure(f"{place} is no file that source could be in", help="name another: -o", code=2)
        return place.read_text(encoding="utf-8", errors="replace") if place.exists() else None
    except OSError as error:
        raise Failure(f"cannot read {place}: {error.strerror}", code=3) from error
