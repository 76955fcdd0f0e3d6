"""Findings for people: the position, the source line with carets, the arithmetic and the fix.

Lines of other files follow those of the finding's own, each below the position that it has there.

The first line of a finding is never wrapped, so that it can be searched for. The lines below it fit the given width.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from archc.diagnostics.finding import Finding
from archc.source import Span
from archc.wording import WIDTH, cells, visible

Style = Callable[[str, str], str]
"""Renders text in a named style: a key of `_ANSI`."""

_ANSI = {"error": "1;31", "advice": "1;33", "place": "1", "caret": "1;31", "margin": "34", "strong": "1", "dim": "2"}
_NARROWEST = 20


def ansi(text: str, style: str) -> str:
    """The text with the escape sequences of a terminal style."""
    return f"\x1b[{_ANSI[style]}m{text}\x1b[0m"


def unstyled(text: str, style: str) -> str:
    """The text unchanged, for output that is not a terminal."""
    return text


def render(findings: Iterable[Finding], style: Style = unstyled, *, width: int = WIDTH) -> str:
    """The findings as text, separated by empty lines."""
    return "\n".join(_render_one(finding, style, width) for finding in findings)


def headline(finding: Finding, style: Style = unstyled) -> str:
    """`FILE:LINE:COLUMN: error[CODE]: MESSAGE`, with the number of places of a mistake that was made repeatedly."""
    span = finding.span
    where = style(f"{visible(span.source.name)}:{span.line}:{span.column}:", "place")
    kind = style(f"{finding.severity}[{finding.code}]", finding.severity)
    times = f" ({len(finding.places) + 1:,} places)" if finding.places else ""
    return f"{where} {kind}: {visible(finding.message)}{times}"


def _render_one(finding: Finding, style: Style, width: int) -> str:
    span = finding.span
    lines = [headline(finding, style)]
    own = [(s, label) for s, label in finding.related if s.source == span.source]
    here = [(s, label) for s, label in own if s.line == span.line]
    elsewhere = [(s, label) for s, label in own if s.line != span.line]
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
    for place, spans, label in _of_other_files(finding):
        lines.append(f"{indent}{style('-->', 'margin')} {style(place, 'place')}")
        lines += _excerpt(spans, label, "-", digits, style, width)
    for note in finding.notes:
        lines += _wrap(f"{indent} = note: ", visible(note), width)
    lines += _wrap(f"{indent} = help: ", visible(_help(finding)), width)
    return "\n".join(lines) + "\n"


def _of_other_files(finding: Finding) -> Iterator[tuple[str, list[Span], str]]:
    """The positions in other files, those of a line together: where it is, the spans, and the first label."""
    lines: dict[tuple[str, int], list[tuple[Span, str]]] = {}
    for span, label in finding.related:
        if span.source != finding.span.source:
            lines.setdefault((span.source.name, span.line), []).append((span, label))
    for (name, line), places in lines.items():
        spans = [span for span, _ in places]
        yield f"{visible(name)}:{line}:{spans[0].column}", spans, next((label for _, label in places if label), "")


def _help(finding: Finding) -> str:
    explain = f"`archc explain {finding.code}`"
    if not finding.help:
        return f"see {explain}"
    return f"{finding.help} {explain}" if finding.help.endswith("?") else f"{finding.help}; {explain}"


def _wrap(prefix: str, text: str, width: int) -> list[str]:
    """The text after its prefix, continued at the same indent. Text in backticks is broken only if it has to be."""
    room = max(width - len(prefix), _NARROWEST)
    lines: list[str] = []
    unbroken = re.findall(r"(?:`[^`]*`|[^ ])+", text)
    for word in chain.from_iterable([part] if cells(part) <= room else part.split(" ") for part in unbroken):
        if lines and cells(f"{lines[-1]} {word}") <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    if cells(text) <= room:
        lines = [text]  # unchanged: the loop above joins runs of spaces
    return [f"{prefix if not number else ' ' * len(prefix)}{line}" for number, line in enumerate(lines)]


def _excerpt(spans: list[Span], label: str, mark: str, digits: int, style: Style, width: int) -> list[str]:
    """One source line with marks under its spans. A long line is cut to the spans, or to the first if not all fit."""
    number = spans[0].line
    text = spans[0].source.line(number)
    room = max(width - digits - 3, _NARROWEST)
    shown, offset = _cut(text, spans, room)
    marks = ""
    for span in sorted(spans, key=lambda s: s.start):
        start = span.column - 1 - offset
        length = min(span.end, span.start + len(text) - (span.column - 1)) - span.start
        if start < 0 or start > len(shown):
            continue
        before, marked = visible(shown[:start]), visible(shown[start : start + length])
        if cells(before) < len(marks):  # inside of what is marked already
            continue
        marks += " " * (cells(before) - len(marks)) + mark * max(cells(marked), 1)
    margin = style(f"{number:>{digits}} |", "margin")
    under = " " * digits + style(" |", "margin")
    marked = [f"{under} {style(line, 'caret')}".rstrip() for line in _labelled(marks, visible(label), room)]
    return [f"{margin} {visible(shown)}".rstrip(), *marked]


def _labelled(marks: str, label: str, room: int) -> list[str]:
    """The marks with their label beside them, or below them if there is not enough room."""
    if not label or len(marks) + 1 + cells(label) <= room:
        return [f"{marks} {label}".rstrip()]
    under = len(marks) - len(marks.lstrip())
    return [marks, *_wrap(" " * max(min(under, room - cells(label)), 0), label, room)]


def _cut(text: str, spans: list[Span], room: int) -> tuple[str, int]:
    """The part of a line that fits the room and contains its first span, and the number of characters cut before it."""
    places = [(s.column - 1, s.column - 1 + s.end - s.start) for s in spans]
    (own, own_end), *others = places
    # Beside other places, the start of the first span is enough: a layer, which contains them all, can be long.
    first, last = min(begin for begin, _ in places), max((end for _, end in others), default=own_end)
    column = first if _fits(text[first : max(last, own + 1)], room // 2) else own
    is_near = _fits(text[:last], room * 3 // 4) and _fits(text[: own + 2], room)
    start = 0 if is_near else _begin(text, column, room // 3)
    end = _end(text, start, room)
    if end == len(text):
        start = _begin(text, end, room)
    shown = text[start:end]
    shown = "…" + shown[1:] if start else shown
    return (shown[:-1] + "…" if end < len(text) else shown), start


def _begin(text: str, end: int, room: int) -> int:
    """The start of the longest text that ends at `end` and fits the room."""
    start = end
    while start and (room := room - _taken(text[start - 1])) >= 0:
        start -= 1
    return start


def _end(text: str, start: int, room: int) -> int:
    """The end of the longest text that starts at `start` and fits the room."""
    end = start
    while end < len(text) and (room := room - _taken(text[end])) >= 0:
        end += 1
    return end


def _fits(text: str, room: int) -> bool:
    return len(text) <= room and cells(visible(text)) <= room


def _taken(character: str) -> int:
    """The columns of a character as shown. At least one, so that a line of combining accents is cut too."""
    return max(cells(visible(character)), 1)
