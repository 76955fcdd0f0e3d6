"""Checks that pictures can be read, all of them before a run, since a run may come to one only after hours.

Decoding a large set would take as long as an epoch. So a JPEG is read at its start and its end and a PNG by its
checksums, and only a file that is doubtful by these is decoded.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from archc.pictures.ahead import in_order
from archc.pictures.decoding import Unreadable, conversions, opened, square
from archc.training.progress import progress

END_OF_JPEG = b"\xff\xd9"
CHUNK = 32
"""Files that a thread checks at a time: handing over a single one takes as long as checking it."""


@dataclass(frozen=True)
class Checked:
    """What a check of files found."""

    bad: tuple[Unreadable, ...] = ()
    """One for each file that is not a readable picture, in order of name."""
    converted: Mapping[Path, tuple[str, ...]] = field(default_factory=dict[Path, tuple[str, ...]])
    """Why pictures lose something when they are decoded, for those that do."""


def check_files(files: Sequence[Path], size: int, *, threads: int = 4) -> Checked:
    """Check files that are to be scaled to `size` pixels."""
    bad: list[Unreadable] = []
    converted: dict[Path, tuple[str, ...]] = {}
    chunks = [files[start : start + CHUNK] for start in range(0, len(files), CHUNK)]

    def check(chunk: Sequence[Path]) -> list[Unreadable | tuple[str, ...]]:
        return [_checked(file, size) for file in chunk]

    with (
        closing(progress("checking pictures", len(files))) as shown,
        closing(in_order(check, chunks, threads=threads, ahead=2 * threads)) as results,
    ):
        for done, (file, each) in enumerate(zip(files, chain.from_iterable(results), strict=True), 1):
            if isinstance(each, Unreadable):
                bad.append(each)
            elif each:
                converted[file] = each
            shown.show(done)
    return Checked(tuple(sorted(bad, key=lambda each: each.file)), converted)


def _checked(file: Path, size: int) -> Unreadable | tuple[str, ...]:
    """Why a picture cannot be read, or what it loses when it is decoded."""
    try:
        with opened(file, size) as image:
            lost = conversions(image)
            if image.format == "PNG":
                image.verify()
                return lost
        with file.open("rb") as end:
            end.seek(-len(END_OF_JPEG), os.SEEK_END)
            if end.read() == END_OF_JPEG:
                return lost
    except (Unreadable, OSError):
        lost = ()
    try:
        square(file, size, channels=3)
    except Unreadable as unreadable:
        return unreadable
    return lost
