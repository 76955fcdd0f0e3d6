"""An explanation for programs."""

from __future__ import annotations

from dataclasses import asdict

from archc.diagnostics.json import as_json as finding_as_json
from archc.explanation import Explanation
from archc.report.explanation import shown


def as_json(explanation: Explanation) -> dict[str, object]:
    """The explanation as plain data; `failing` has escapes for bytes that are no text."""
    return {
        "name": explanation.name,
        "severity": explanation.severity,
        "title": explanation.title,
        "meaning": explanation.meaning,
        "shape_rule": explanation.shape_rule or None,
        "fields": [asdict(field) for field in explanation.fields],
        "command": explanation.command,
        "failing": shown(explanation.failing)[0],
        "findings": [finding_as_json(finding) for finding in explanation.findings],
        "corrected": explanation.corrected,
    }
