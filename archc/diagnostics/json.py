"""Findings for programs."""

from __future__ import annotations

from archc.diagnostics.finding import Finding
from archc.source import Span


def as_json(finding: Finding) -> dict[str, object]:
    """A finding as plain data; lines and columns count from one, in code points, and ends are exclusive.

    `fix` holds the edits that mend it, to be made all together: each writes a text in its place.
    """
    return {
        **_place(finding.span),
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "notes": list(finding.notes),
        "help": finding.help,
        "related": [{**_place(span), "label": label} for span, label in finding.related],
        "fix": [{**_place(edit.span), "text": edit.text} for edit in finding.fix],
    }


def _place(span: Span) -> dict[str, object]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }
