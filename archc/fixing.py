"""Applies the certain fixes of a spec's findings, and leaves every character outside of them unchanged.

A fix can reveal another finding: only under its correct name are the fields of an op known. So the text is analysed
and fixed again until no fix is left.
"""

from __future__ import annotations

import codecs
from bisect import bisect, insort
from collections.abc import Iterable
from dataclasses import dataclass

from archc.analysis import Analysis, analyse
from archc.diagnostics.finding import Edit, Finding

# An upper bound, in case fixes ever undo each other.
MAX_ROUNDS = 16


@dataclass(frozen=True)
class Fixed:
    """The fixed text, the findings that were fixed, and the analysis of the fixed text."""

    data: bytes
    mended: tuple[Finding, ...]
    analysis: Analysis


def fix(data: bytes, name: str) -> Fixed:
    """The text in `data` with all certain fixes applied. Findings are reported under `name`."""
    mended: list[Finding] = []
    analysis = analyse(data, name, with_variants=True)
    for _ in range(MAX_ROUNDS):
        chosen = without_overlaps(analysis.findings)
        if not chosen:
            break
        data = _edited(data, [edit for finding in chosen for edit in finding.fix])
        mended += chosen
        analysis = analyse(data, name, with_variants=True)
    return Fixed(data, tuple(mended), analysis)


def without_overlaps(findings: Iterable[Finding]) -> list[Finding]:
    """The findings whose fixes can be applied together: if two touch the same text, only the first of them."""
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
    """Whether a range touches none of those taken, which are sorted and do not touch each other."""
    start, end = place
    # The taken ranges are disjoint, so only the neighbours on both sides can touch this one.
    at = bisect(taken, place)
    return all(end < other_start or other_end < start for other_start, other_end in taken[max(at - 1, 0) : at + 1])


def _edited(data: bytes, edits: Iterable[Edit]) -> bytes:
    """The text with the edits applied. A byte order mark is kept; spans do not count it."""
    text = data.decode("utf-8-sig")
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: edit.span.start):
        parts += [text[at : edit.span.start], edit.text]
        at = edit.span.end
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    return mark + "".join([*parts, text[at:]]).encode()
