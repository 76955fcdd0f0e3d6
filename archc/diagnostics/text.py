"""Findings as a person reads them: the place, the line, carets under what is meant, the arithmetic and the fix.

The first line of a finding is never wrapped, so that it can be searched for; all below it keeps to the width.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

from archc.diagnostics.finding import Finding
from archc.source import Span
from archc.wording import visible

Style = Callable[[str, str], str]
"""Paints a text in a style: error, advice, place, caret or plain."""

WIDTH = 120
"""The columns that findings take where no terminal says otherwise."""

_ANSI = {"error": "1;31", "advice": "1;33", "place": "1", "caret": "1;31", "margin": "34", "strong": "1", "dim": "2"}
_NARROWEST = 20


def ansi(text: str, style: str) -> str:
    """The text in colours of a terminal."""
    return f"\x1b[{_ANSI[style]}m{text}\x1b[0m"


def unstyled(text: str, style: str) -> str:
    """The text as it is."""
    return text


def render(findings: Iterable[Finding], style: Style = unstyled, *, width: int = WIDTH) -> str:
    """All findings, an empty line between each two."""
    return "\n".join(_render_one(finding, style, width) for finding in findings)


def headline(finding: Finding, style: Style = unstyled) -> str:
    """Where, of what kind and what: all of a finding in one line."""
    span = finding.span
    where = style(f"{visible(span.source.name)}:{span.line}:{span.column}:", "place")
    kind = style(f"{finding.severity}[{finding.code}]", finding.severity)
    return f"{where} {kind}: {visible(finding.message)}"


def _render_one(finding: Finding, style: Style, width: int) -> str:
    span = finding.span
    lines = [headline(finding, style)]
    here = [(s, label) for s, label in finding.related if s.line == span.line]
    elsewhere = [(s, label) for s, label in finding.related if s.line != span.line]
    digits = len(str(max(s.line for s in (span, *(s for s, _ in finding.related)))))
    bar = " " * digits + style(" |", "margin")
    lines.append(bar)
    for related, label in sorted(elsewhere, key=lambda pair: pair[0].start):
        if related.line < span.line:
            lines += _excerpt([related], label, "-", digits, style, width)
    lines += _excerpt([span, *(s for s, _ in here)], "", "^", digits, style, width)
    for related, label in elsewhere:
        if related.line > span.line:
            lines += _excerpt([related], label, "-", digits, style, width)
    indent = " " * digits
    for note in finding.notes:
        lines += _wrap(f"{indent} = note: ", visible(note), width)
    lines += _wrap(f"{indent} = help: ", visible(_help(finding)), width)
    return "\n".join(lines) + "\n"


def _help(finding: Finding) -> str:
    explain = f"`archc explain {finding.code}`"
    if not finding.help:
        return explain
    return f"{finding.help} {explain}" if finding.help.endswith("?") else f"{finding.help}; {explain}"


def _wrap(prefix: str, text: str, width: int) -> list[str]:
    """The text after its prefix, further lines under its beginning; what stands in backticks stays together."""
    room = max(width - len(prefix), _NARROWEST)
    lines: list[str] = []
    for word in re.findall(r"(?:`[^`]*`|[^ ])+", text):
        if lines and _cells(f"{lines[-1]} {word}") <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    if _cells(text) <= room:
        lines = [text]  # as it is, runs of spaces too
    return [f"{prefix if not number else ' ' * len(prefix)}{line}" for number, line in enumerate(lines)]


def _excerpt(spans: list[Span], label: str, mark: str, digits: int, style: Style, width: int) -> list[str]:
    """One source line with the marks under it. A long line is cut around the first span, or all where they fit."""
    number = spans[0].line
    text = spans[0].source.line(number)
    shown, offset = _cut(text, spans, max(width - digits - 3, _NARROWEST))
    marks = ""
    for span in sorted(spans, key=lambda s: s.start):
        start = span.column - 1 - offset
        length = min(span.end, span.start + len(text) - (span.column - 1)) - span.start
        if start < 0 or start > len(shown):
            continue
        before, marked = visible(shown[:start]), visible(shown[start : start + length])
        marks += _blank(before)[len(marks) :] + mark * max(_cells(marked), 1)
    margin = style(f"{number:>{digits}} |", "margin")
    under = " " * digits + style(" |", "margin")
    label = f" {visible(label)}" if label else ""
    return [f"{margin} {visible(shown)}".rstrip(), f"{under} {style(marks + label, 'caret')}".rstrip()]


def _cut(text: str, spans: list[Span], room: int) -> tuple[str, int]:
    """As much of a line as the room holds, with its first span at least, and how many characters were cut before."""
    places = [(s.column - 1, s.column - 1 + s.end - s.start) for s in spans]
    first, last = min(begin for begin, _ in places), max(end for _, end in places[1:] or places)
    column = first if _fits(text[first:last], room // 2) else places[0][0]
    start = 0 if _fits(text[:last], room * 3 // 4) else _begin(text, column, room // 3)
    end = _end(text, start, room)
    if end == len(text):
        start = _begin(text, end, room)
    shown = text[start:end]
    shown = "…" + shown[1:] if start else shown
    return (shown[:-1] + "…" if end < len(text) else shown), start


def _begin(text: str, end: int, room: int) -> int:
    """Where the longest text begins that ends at `end` and fits the room."""
    start = end
    while start and (room := room - _taken(text[start - 1])) >= 0:
        start -= 1
    return start


def _end(text: str, start: int, room: int) -> int:
    """Where the longest text ends that begins at `start` and fits the room."""
    end = start
    while end < len(text) and (room := room - _taken(text[end])) >= 0:
        end += 1
    return end


def _fits(text: str, room: int) -> bool:
    return len(text) <= room and _cells(visible(text)) <= room


def _taken(character: str) -> int:
    """The columns of a character as shown, at least one: a line of accents alone is cut too."""
    return max(_cells(visible(character)), 1)


def _cells(text: str) -> int:
    """The columns of a terminal that a text takes."""
    return len(text) if text.isascii() else sum(_cell(character) for character in text)


def _cell(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _blank(text: str) -> str:
    return "".join(" " * _cell(character) for character in text)
