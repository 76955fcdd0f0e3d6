"""The JSON output of `archc explain`."""

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
    """Name of the field in a spec."""
    takes: str
    """Valid values, in words."""
    default: str | None
    """Default value as YAML; null if the field is required."""
    meaning: str
    """Meaning of the field."""


@documented
class ExplanationJson(TypedDict):
    """A code or an op, with a failing example and its correction."""

    name: str
    """Name of the code or op."""
    severity: Severity | None
    """Severity of a code; null for an op."""
    title: str
    """Meaning in one line."""
    meaning: str
    """Meaning in full."""
    shape_rule: str | None
    """Output shape of an op as a function of its input shape; null for a code."""
    fields: list[FieldJson]
    """Fields of an op; empty for a code."""
    command: str
    """Command that reports the findings."""
    failing: str
    """Spec that fails. Bytes that are not text are escaped."""
    findings: list[FindingJson]
    """Findings for the failing spec; empty if the command needs a backend that is not installed."""
    corrected: str
    """Failing spec, corrected."""


@documented
class ConceptJson(TypedDict):
    """A topic that concerns many ops, such as the way operations are counted; or a section, a field or a value."""

    name: str
    """Name of the topic or the word, as `archc explain` takes it."""
    title: str
    """Subject of the page in one line."""
    text: str
    """The page as Markdown."""


@documented
class ExplainJson(TypedDict):
    """The output of `archc explain --output-format json`."""

    version: Literal[1]
    """Version of this format."""
    explanations: list[ExplanationJson]
    """Explanations: the requested one, or all of them, codes first, if no name was given."""
    concepts: list[ConceptJson]
    """Concepts and words of the language: the requested one, or all sections and concepts if no name was given."""


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
