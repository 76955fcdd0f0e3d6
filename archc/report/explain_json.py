"""What `archc explain` prints for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from typing_extensions import TypedDict

from archc.diagnostics.finding import Severity
from archc.diagnostics.json import FindingJson, documented
from archc.diagnostics.json import as_json as finding_as_json
from archc.explain.concepts import Concept
from archc.explain.explanation import Explanation
from archc.report.explanation import shown


@documented
class FieldJson(TypedDict):
    """A field of an op."""

    name: str
    """How a spec writes it."""
    takes: str
    """What its value may be, in words."""
    default: str | None
    """What it is when not written, as a spec would write it; null where it must be written."""
    meaning: str
    """What it is."""


@documented
class ExplanationJson(TypedDict):
    """A code or an op, with a spec that fails and the same corrected."""

    name: str
    """The code, or the op."""
    severity: Severity | None
    """Of a code; null of an op."""
    title: str
    """What it means, in a line."""
    meaning: str
    """What it means, at length."""
    shape_rule: str | None
    """The output's shape from the input's, in words; null of a code."""
    fields: list[FieldJson]
    """Of an op; none of a code."""
    command: str
    """The command that gives the findings."""
    failing: str
    """A spec that fails, with escapes for bytes that are no text."""
    findings: list[FindingJson]
    """What the command says of it; none where it needs a backend that is not installed."""
    corrected: str
    """The spec as it should be."""


@documented
class ConceptJson(TypedDict):
    """What many ops share, such as how arithmetic is counted."""

    name: str
    """How `archc explain` knows it."""
    title: str
    """What it is, in a line."""
    text: str
    """All there is to say, as Markdown."""


@documented
class ExplainJson(TypedDict):
    """What `archc explain --output-format json` prints."""

    version: Literal[1]
    """Of this format."""
    explanations: list[ExplanationJson]
    """The one that was asked for; all, codes first, where none was."""
    concepts: list[ConceptJson]
    """The one that was asked for; all where none was."""


def as_json(explanations: Iterable[Explanation], concepts: Iterable[Concept]) -> ExplainJson:
    """The explanations and concepts as plain data."""
    return {
        "version": 1,
        "explanations": [_one(explanation) for explanation in explanations],
        "concepts": [
            {"name": concept.name, "title": concept.title, "text": "\n\n".join(concept.parts)} for concept in concepts
        ],
    }


def _one(explanation: Explanation) -> ExplanationJson:
    return {
        "name": explanation.name,
        "severity": explanation.severity,
        "title": explanation.title,
        "meaning": explanation.meaning,
        "shape_rule": explanation.shape_rule or None,
        "fields": [
            {"name": field.name, "takes": field.takes, "default": field.default, "meaning": field.meaning}
            for field in explanation.fields
        ],
        "command": explanation.command,
        "failing": shown(explanation.failing)[0],
        "findings": [finding_as_json(finding) for finding in explanation.findings],
        "corrected": explanation.corrected,
    }
