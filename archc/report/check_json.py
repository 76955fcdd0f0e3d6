"""What `archc check` prints for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from typing_extensions import TypedDict

from archc.analysis import Analysis
from archc.diagnostics.json import FindingJson, documented
from archc.diagnostics.json import as_json as finding_as_json
from archc.report.facts_json import NetworkJson
from archc.report.facts_json import as_json as facts_as_json


@documented
class SpecJson(TypedDict):
    """A spec that was checked."""

    spec: str
    """The file as it was named, `<stdin>` for standard input."""
    holds: bool
    """Whether no finding is an error."""
    findings: list[FindingJson]
    """What is wrong or seldom meant, in the order of the text."""
    network: NetworkJson | None
    """What the spec describes; null where it does not hold."""


@documented
class CheckJson(TypedDict):
    """What `archc check --output-format json` prints."""

    version: Literal[1]
    """Of this format."""
    specs: list[SpecJson]
    """Every spec that was checked, in the order of the arguments and of the paths below a folder."""


def as_json(specs: Iterable[tuple[str, Analysis]]) -> CheckJson:
    """Specs by name, and what is known of each."""
    return {"version": 1, "specs": [_spec(name, analysis) for name, analysis in specs]}


def _spec(name: str, analysis: Analysis) -> SpecJson:
    return {
        "spec": name,
        "holds": analysis.facts is not None,
        "findings": [finding_as_json(finding) for finding in analysis.findings],
        "network": None if analysis.facts is None else facts_as_json(analysis.facts),
    }
