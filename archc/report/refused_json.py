"""The JSON output of a command that has nothing to compute, because its spec has errors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from typing_extensions import TypedDict

from archc.diagnostics.finding import Finding
from archc.diagnostics.json import FindingJson, documented
from archc.diagnostics.json import as_json as finding_as_json

COMMANDS = ("build", "plan", "diff")
"""The commands that print it. `check` has a document for any spec."""


@documented
class RefusedJson(TypedDict):
    """The output if errors leave nothing to compute. The command exits with the same code as without JSON."""

    version: Literal[1]
    """Version of this format."""
    findings: list[FindingJson]
    """Errors and advice, in the order of the text; at least one is an error."""


def as_json(findings: Iterable[Finding]) -> RefusedJson:
    """The findings as plain data."""
    return {"version": 1, "findings": [finding_as_json(finding) for finding in findings]}
