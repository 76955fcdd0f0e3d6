"""Findings as SARIF 2.1.0, the OASIS format for static analysis, which code scanning and editors read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from archc.diagnostics.codes import CODES
from archc.diagnostics.finding import Finding
from archc.source import Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"error": "error", "advice": "warning"}
_SAME = "the same mistake"


def as_sarif(findings: Sequence[Finding], *, version: str, root: Path) -> dict[str, object]:
    """A SARIF log of one run of archc `version`. The paths of files below `root` are relative to it."""
    codes = sorted({finding.code for finding in findings})
    driver = {"name": "archc", "semanticVersion": version, "rules": [_rule(code) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",  # without it, a viewer counts columns in UTF-16 code units
        "results": [_result(finding, codes, root) for finding in findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(name: str) -> dict[str, object]:
    code = CODES[name]
    return {
        "id": name,
        "shortDescription": _message(code.title),
        "fullDescription": _message(code.meaning),
        "help": _message(f"{code.meaning} `archc explain {name}` shows an example and how to correct it."),
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
    }


def _result(finding: Finding, codes: list[str], root: Path) -> dict[str, object]:
    lines = (finding.message, *finding.notes, *filter(None, [finding.help]))
    result: dict[str, object] = {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": _LEVELS[finding.severity],
        "message": _message("\n".join(lines)),
        "locations": [{"physicalLocation": _location(finding.span, root)}],
    }
    # Not `locations`: those are for a problem that one change at every one of them mends (section 3.27.12).
    if related := [*finding.related, *((place, _SAME) for place in finding.places)]:
        result["relatedLocations"] = [
            {"id": number, "physicalLocation": _location(span, root), "message": _message(label or "here")}
            for number, (span, label) in enumerate(related)
        ]
    if finding.fix:
        result["fixes"] = [_fix(finding, root)]
    return result


def _fix(finding: Finding, root: Path) -> dict[str, object]:
    replacements = [
        {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}} for edit in finding.fix
    ]
    change = {"artifactLocation": _artifact(finding.span, root), "replacements": replacements}
    written = ", ".join(dict.fromkeys(f"`{edit.text}`" for edit in finding.fix if edit.text))
    description = f"write {written}" if written else "delete the marked text"
    return {"description": _message(description), "artifactChanges": [change]}


def _location(span: Span, root: Path) -> dict[str, object]:
    return {"artifactLocation": _artifact(span, root), "region": _region(span)}


def _artifact(span: Span, root: Path) -> dict[str, str]:
    # Not resolve(): a symbolic link must keep the name under which the user knows the file.
    place = Path(os.path.normpath(root / span.source.name))
    if place.is_relative_to(root):
        # As bytes, because a file name need not be valid UTF-8.
        return {"uri": quote(os.fsencode(place.relative_to(root)))}
    return {"uri": place.as_uri()}


def _region(span: Span) -> dict[str, int]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _message(text: str) -> dict[str, str]:
    """A SARIF message. Braces are doubled, because `{0}` is a placeholder in SARIF (section 3.11.5)."""
    return {"text": text.replace("{", "{{").replace("}", "}}")}
