"""Findings as one line each, `file:line:column: error[CODE]: message`: for editors, grep and a quick look."""

from __future__ import annotations

from collections.abc import Iterable

from archc.diagnostics.finding import Finding
from archc.diagnostics.text import Style, headline, unstyled


def render(findings: Iterable[Finding], style: Style = unstyled) -> str:
    """A line for each finding."""
    return "".join(f"{headline(finding, style)}\n" for finding in findings)
