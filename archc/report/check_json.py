"""The JSON output of `archc check`."""

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
    """A spec and the result of checking it."""

    spec: str
    """Path of the spec as given on the command line, as PATH:NAME for a variant; `<stdin>` for standard input."""
    holds: bool
    """Whether the spec is valid: none of its findings is an error."""
    findings: list[FindingJson]
    """Errors and advice, in the order of the text."""
    network: NetworkJson | None
    """Facts of the network; null if the spec has an error."""


@documented
class CheckJson(TypedDict):
    """The output of `archc check --output-format json`."""

    version: Literal[1]
    """Version of this format."""
    specs: list[SpecJson]
    """All checked specs, in the order of the arguments. The specs of a folder are sorted by path."""


def as_json(specs: Iterable[tuple[str, Analysis]]) -> CheckJson:
    """The analyses of the named specs as plain data."""
    return {"version": 1, "specs": [_spec(name, analysis) for name, analysis in specs]}


def _spec(name: str, analysis: Analysis) -> SpecJson:
    return {
        "spec": name,
        "holds": analysis.facts is not None,
        "findings": [finding_as_json(finding) for finding in analysis.findings],
        "network": None if analysis.facts is None else facts_as_json(analysis.facts),
    }
