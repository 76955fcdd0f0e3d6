"""All explanations and concepts as one page: docs/reference.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archc.diagnostics.text import render
from archc.explain.concepts import Concept
from archc.explain.explanation import Explanation
from archc.language.field_table import FieldRow
from archc.report.explanation import EVERY_LAYER, failing_heading, saying, shown

_TOP = """\
# Reference: every op, every code, and what they share

Written by `archc explain --output-format markdown`, from the sources that archc itself runs on: do not edit.
`archc explain NAME` shows one entry in a terminal."""


def markdown(explanations: Iterable[Explanation], concepts: Iterable[Concept]) -> str:
    """The page: ops, codes, concepts."""
    explanations = list(explanations)
    ops = [explanation for explanation in explanations if explanation.severity is None]
    codes = [explanation for explanation in explanations if explanation.severity is not None]
    parts = [_TOP, "## Ops", EVERY_LAYER, *_all(ops), "## Codes", *_all(codes), "## Concepts"]
    for concept in concepts:
        parts += [f"### {concept.name}", f"{concept.title}.", *concept.parts]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _all(explanations: Iterable[Explanation]) -> Iterator[str]:
    for explanation in explanations:
        yield from _one(explanation)


def _one(explanation: Explanation) -> Iterator[str]:
    severity = explanation.severity
    yield f"### {explanation.name}"
    yield f"{severity.capitalize()}: {explanation.title}." if severity else explanation.title
    if explanation.meaning:
        yield explanation.meaning
    if explanation.shape_rule not in explanation.title:
        yield f"Shapes: {explanation.shape_rule}."
    if explanation.fields:
        yield "\n".join(("| field | takes | default | meaning |", "|---|---|---|---|", *map(_row, explanation.fields)))
    failing, escaped = shown(explanation.failing)
    yield failing_heading(explanation, escaped=escaped)
    yield _fenced(failing, "yaml")
    yield saying(explanation)
    if explanation.findings:
        yield _fenced(render(explanation.findings), "text")
    yield "Corrected:"
    yield _fenced(explanation.corrected, "yaml")


def _row(field: FieldRow) -> str:
    default = "must be written" if field.default is None else f"`{field.default}`"
    return f"| `{field.name}` | {field.takes} | {default} | {field.meaning.replace('|', chr(92) + '|')} |"


def _fenced(text: str, language: str) -> str:
    return f"```{language}\n{text.rstrip()}\n```"
