"""Findings as JSON, and the conventions of every JSON output: closed TypedDicts with a description for each field.

A TypedDict is plain data that the type checker still verifies. The whole output of a command is the class
`CommandJson` in archc/report/COMMAND_json.py, and `archc schema COMMAND` prints its JSON Schema.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict  # pydantic does not accept typing.TypedDict before Python 3.12

from archc.diagnostics.finding import Finding, Severity
from archc.source import Span

documented = with_config(ConfigDict(extra="forbid", use_attribute_docstrings=True))
"""Marks a class of JSON output: no other fields are allowed, and the string below a field is its description."""


@documented
class PlaceJson(TypedDict):
    """A range of text in a spec. Lines and columns count from 1, columns in code points; the end is exclusive."""

    # pydantic does not inherit descriptions from strings below fields, so these are annotations: subclasses need them.
    file: Annotated[
        str,
        Field(
            description="Path of the spec as given on the command line, or of a spec that it extends; `<stdin>` for "
            "standard input, and `--set` for the text of that option."
        ),
    ]
    line: Annotated[int, Field(description="Line in which the range begins.")]
    column: Annotated[int, Field(description="Column at which the range begins.")]
    end_line: Annotated[int, Field(description="Line in which the range ends.")]
    end_column: Annotated[int, Field(description="Column after the last character of the range.")]


@documented
class RelatedJson(PlaceJson):
    """Another position that contributes to a finding."""

    label: str
    """What this position contributes, in a few words."""


@documented
class EditJson(PlaceJson):
    """A replacement of a range of text."""

    text: str
    """Text to write in place of the range; empty to delete the range."""


@documented
class FindingJson(PlaceJson):
    """An error in a spec, or advice on it."""

    code: str
    """Code of the finding, such as `ARC210`; `archc explain CODE` explains it."""
    severity: Severity
    """Whether the spec is unusable (`error`) or still usable (`advice`)."""
    message: str
    """The finding in one line."""
    notes: list[str]
    """The arithmetic and other facts that explain the finding."""
    help: str | None
    """How to correct the spec; null if archc has no suggestion."""
    related: list[RelatedJson]
    """Other positions that contribute to the finding."""
    places: list[PlaceJson]
    """Further positions of the same mistake; empty for a mistake that was made once."""
    fix: list[EditJson]
    """Edits that correct the spec when all of them are applied; empty if no fix is certain."""


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
        "places": [_place(span) for span in finding.places],
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
