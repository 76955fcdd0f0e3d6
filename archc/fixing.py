"""Fixes made: a spec's text with every certain edit of its findings, and each character outside of those as it was.

An edit may lay bare another mistake (an op's right name makes its fields known), so rounds go on until none is left to
make.
"""

from __future__ import annotations

import codecs
from bisect import bisect, insort
from collections.abc import Iterable
from dataclasses import dataclass

from archc.analysis import Analysis, analyse
from archc.diagnostics.finding import Edit, Finding

MAX_ROUNDS = 16


@dataclass(frozen=True)
class Fixed:
    """A text after its fixes, the findings that they mended, and what archc says of the text now."""

    data: bytes
    mended: tuple[Finding, ...]
    analysis: Analysis


def fix(data: bytes, name: str) -> Fixed:
    """The text in `data` with all certain fixes made; `name` is what it is reported under."""
    mended: list[Finding] = []
    analysis = analyse(data, name)
    for _ in range(MAX_ROUNDS):
        chosen = without_overlaps(analysis.findings)
        if not chosen:
            break
        data = _edited(data, [edit for finding in chosen for edit in finding.fix])
        mended += chosen
        analysis = analyse(data, name)
    return Fixed(data, tuple(mended), analysis)


def without_overlaps(findings: Iterable[Finding]) -> list[Finding]:
    """The findings whose fixes can be made together: of those that touch the same text, the first."""
    taken: list[tuple[int, int]] = []
    chosen: list[Finding] = []
    for finding in findings:
        places = [(edit.span.start, edit.span.end) for edit in finding.fix]
        if places and all(_is_free(place, taken) for place in places):
            chosen.append(finding)
            for place in places:
                insort(taken, place)
    return chosen


def _is_free(place: tuple[int, int], taken: list[tuple[int, int]]) -> bool:
    """Whether a place touches none of those taken, which stand in order and touch none of each other."""
    start, end = place
    at = bisect(taken, place)
    return all(end < other_start or other_end < start for other_start, other_end in taken[max(at - 1, 0) : at + 1])


def _edited(data: bytes, edits: Iterable[Edit]) -> bytes:
    """The text with its edits; a byte order mark, which no span counts, stays."""
    text = data.decode("utf-8-sig")
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: edit.span.start):
        parts += [text[at : edit.span.start], edit.text]
        at = edit.span.end
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    return mark + "".join([*parts, text[at:]]).encode()
