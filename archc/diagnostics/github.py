"""Findings as GitHub workflow commands, which GitHub shows beside the line in a pull request."""

from __future__ import annotations

from collections.abc import Iterable

from archc.diagnostics.codes import CODES
from archc.diagnostics.finding import Finding
from archc.diagnostics.text import headline
from archc.wording import visible

_COMMANDS = {"error": "error", "advice": "warning"}


def render(findings: Iterable[Finding]) -> str:
    """The findings as text, one command on one line for each."""
    return "".join(f"{_command(finding)}\n" for finding in findings)


def _command(finding: Finding) -> str:
    span = finding.span
    end_line, end_column = span.source.position(span.end)
    properties = {"file": visible(span.source.name), "line": str(span.line)}
    if end_line == span.line:
        # GitHub accepts columns only for a position on a single line.
        properties |= {"col": str(span.column), "endLine": str(end_line), "endColumn": str(end_column)}
    else:
        properties |= {"endLine": str(end_line)}
    properties["title"] = f"{finding.code}: {CODES[finding.code].title}"
    # The headline repeats the position, because the log of a run shows messages without their properties.
    lines = [headline(finding), *(visible(line) for line in (*finding.notes, finding.help) if line)]
    # Not a command for each: GitHub shows ten errors per step, and other mistakes must be among them.
    lines += [f"also at {visible(place.source.name)}:{place.line}:{place.column}" for place in finding.places]
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    message = "\n".join(lines)
    return f"::{_COMMANDS[finding.severity]} {written}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
