"""Findings as a person reads them: the place, the line, carets under what is meant, the arithmetic and the fix."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable

from archc.diagnostics.finding import Finding
from archc.source import Span

Style = Callable[[str, str], str]
"""Paints a text in a style: error, advice, place, caret or plain."""

_ANSI = {"error": "1;31", "advice": "1;33", "place": "1", "caret": "1;31", "margin": "34"}


def ansi(text: str, style: str) -> str:
    """The text in colours of a terminal."""
    return f"\x1b[{_ANSI[style]}m{text}\x1b[0m"


def unstyled(text: str, style: str) -> str:
    """The text as it is."""
    return text


def render(findings: Iterable[Finding], style: Style = unstyled) -> str:
    """All findings, an empty line between each two."""
    return "\n".join(_render_one(finding, style) for finding in findings)


def _render_one(finding: Finding, style: Style) -> str:
    span = finding.span
    where = style(f"{_visible(span.source.name)}:{span.line}:{span.column}:", "place")
    kind = style(f"{finding.severity}[{finding.code}]", finding.severity)
    lines = [f"{where} {kind}: {_visible(finding.message)}"]
    here = [(s, label) for s, label in finding.related if s.line == span.line]
    elsewhere = [(s, label) for s, label in finding.related if s.line != span.line]
    width = len(str(max(s.line for s in (span, *(s for s, _ in finding.related)))))
    bar = " " * width + style(" |", "margin")
    lines.append(bar)
    for related, label in sorted(elsewhere, key=lambda pair: pair[0].start):
        if related.line < span.line:
            lines += _excerpt([related], label, "-", width, style)
    lines += _excerpt([span, *(s for s, _ in here)], "", "^", width, style)
    for related, label in elsewhere:
        if related.line > span.line:
            lines += _excerpt([related], label, "-", width, style)
    indent = " " * width
    lines += [f"{indent} = note: {_visible(note)}" for note in finding.notes]
    lines += [f"{indent} = help: {_visible(_help(finding))}"]
    return "\n".join(lines) + "\n"


def _help(finding: Finding) -> str:
    explain = f"`archc explain {finding.code}`"
    if not finding.help:
        return explain
    return f"{finding.help} {explain}" if finding.help.endswith("?") else f"{finding.help}; {explain}"


def _excerpt(spans: list[Span], label: str, mark: str, width: int, style: Style) -> list[str]:
    """One source line with the marks under it. Long lines are cut around the first span."""
    number = spans[0].line
    text = spans[0].source.line(number)
    shown, offset = _cut(text, spans[0].column - 1)
    marks = ""
    for span in sorted(spans, key=lambda s: s.start):
        start = span.column - 1 - offset
        length = min(span.end, span.start + len(text) - (span.column - 1)) - span.start
        if start < 0 or start > len(shown):
            continue
        before, marked = _visible(shown[:start]), _visible(shown[start : start + length])
        marks += _blank(before)[len(marks) :] + mark * max(_cells(marked), 1)
    margin = style(f"{number:>{width}} |", "margin")
    under = " " * width + style(" |", "margin")
    label = f" {_visible(label)}" if label else ""
    return [f"{margin} {_visible(shown)}".rstrip(), f"{under} {style(marks + label, 'caret')}".rstrip()]


_LONGEST_LINE = 160


def _cut(text: str, column: int) -> tuple[str, int]:
    """At most `_LONGEST_LINE` characters around a column, and how many were cut before."""
    if len(text) <= _LONGEST_LINE:
        return text, 0
    start = max(0, min(column - _LONGEST_LINE // 3, len(text) - _LONGEST_LINE))
    shown = text[start : start + _LONGEST_LINE]
    shown = "…" + shown[1:] if start else shown
    return (shown[:-1] + "…" if start + _LONGEST_LINE < len(text) else shown), start


def _cells(text: str) -> int:
    """The columns of a terminal that a text takes."""
    return sum(_cell(character) for character in text)


def _cell(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _blank(text: str) -> str:
    return "".join(" " * _cell(character) for character in text)


def _visible(text: str) -> str:
    """The text with what steers a terminal, or the direction of writing, shown as an escape."""
    return "".join(c if c.isprintable() else (" " if c == "\t" else f"\\u{ord(c):04x}") for c in text)
