"""Whether an emitted file is up to date, and if not, why."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from archc.backend import Origin
from archc.emit.fingerprint import fingerprint
from archc.emit.seal import is_sealed, was_sealed
from archc.failure import Failure
from archc.report.staleness import Reason

# Not the seal's own, which is the only one in a file that has lost its docstring.
_HASH = re.compile(r"(?<!archc )\b[0-9a-f]{64}\b")


def staleness(place: Path, current: str, origin: Origin, emit: Callable[[Origin], str]) -> tuple[Reason, ...]:
    """The reasons that a file differs from the `current` source, except in layout. Empty if it is up to date.

    `emit` gives the source of the current spec as if it had another origin.
    """
    present = _read(place)
    if present is None:
        return ("absent",)
    if present == current or fingerprint(present) == fingerprint(current):
        return ()
    if not was_sealed(present):
        return ("foreign",)
    since = _since(present, origin, emit)
    return (since,) if is_sealed(present) else ("edited", "spec") if since == "spec" else ("edited",)


def _since(present: str, origin: Origin, emit: Callable[[Origin], str]) -> Reason:
    """The change since the file was emitted, found by the hash of the spec in the file."""
    named = _HASH.search(present)
    if named is None or named[0] == origin.sha256:
        return "emission"
    # Emit the current network with the old hash: if that gives the file, only the text of the spec has changed.
    before = emit(replace(origin, sha256=named[0]))
    return "text" if fingerprint(before) == fingerprint(present) else "spec"


def _read(place: Path) -> str | None:
    """A file's text, without a byte-order mark, with its line endings converted to \n. None if there is no file."""
    try:
        if place.exists() and not place.is_file():
            raise Failure(f"{place} is not a regular file", help="name another file with `-o`", code=2)
        return place.read_text(encoding="utf-8-sig", errors="replace") if place.exists() else None
    except OSError as error:
        raise Failure(f"cannot read {place}: {error.strerror}", code=3) from error
