"""Findings for programs, and what every JSON output is made of: closed classes whose fields are documented.

A class is a TypedDict, so that an output is built as plain data under a type checker's eye. All that a command prints
is the class `CommandJson` in archc/report/COMMAND_json.py, and `archc schema COMMAND` prints its JSON Schema.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from archc.diagnostics.finding import Finding, Severity
from archc.source import Span

documented = with_config(ConfigDict(extra="forbid", use_attribute_docstrings=True))
"""A closed class of output, whose fields are described by the texts below them."""


@documented
class PlaceJson(TypedDict):
    """Where something stands in a spec; lines and columns count from one, in code points, and ends are exclusive."""

    # Described by annotations, which those below inherit, as they do not inherit texts.
    file: Annotated[str, Field(description="The spec as it was named, `<stdin>` for standard input.")]
    line: Annotated[int, Field(description="The line it begins in.")]
    column: Annotated[int, Field(description="The column it begins at.")]
    end_line: Annotated[int, Field(description="The line it ends in.")]
    end_column: Annotated[int, Field(description="The column after its last.")]


@documented
class RelatedJson(PlaceJson):
    """Another place that has to do with a finding."""

    label: str
    """What is to be seen there."""


@documented
class EditJson(PlaceJson):
    """A text to write in place of another."""

    text: str
    """What to write; empty where something is to be deleted."""


@documented
class FindingJson(PlaceJson):
    """Something that is wrong with a spec, or seldom meant."""

    code: str
    """Its code, which `archc explain CODE` explains."""
    severity: Severity
    """`error`, or `advice`, which leaves the spec usable."""
    message: str
    """What was found, in a line."""
    notes: list[str]
    """The arithmetic, and what else helps to see why."""
    help: str | None
    """What to do."""
    related: list[RelatedJson]
    """Other places that have to do with it."""
    fix: list[EditJson]
    """The edits that mend it, to be made all together; none where no fix is certain."""


def as_json(finding: Finding) -> FindingJson:
    """A finding as plain data."""
    return {
        **_place(finding.span),
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "notes": list(finding.notes),
        "help": finding.help,
        "related": [{**_place(span), "label": label} for span, label in finding.related],
        "fix": [{**_place(edit.span), "text": edit.text} for edit in finding.fix],
    }


def _place(span: Span) -> PlaceJson:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }
