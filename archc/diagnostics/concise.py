"""Findings as one line each, `FILE:LINE:COLUMN: error[CODE]: MESSAGE`, for editors and grep."""

from __future__ import annotations

from collections.abc import Iterable

from archc.diagnostics.finding import Finding
from archc.diagnostics.text import Style, headline, unstyled


def render(findings: Iterable[Finding], style: Style = unstyled) -> str:
    """The findings as text, one line for each."""
    return "".join(f"{headline(finding, style)}\n" for finding in findings)
