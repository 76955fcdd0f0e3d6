"""An explanation as text for people: the meaning, a failing example, its findings, and the corrected example."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator

from archc.diagnostics.text import Style, render, unstyled
from archc.explain.concepts import Concept
from archc.explain.explanation import Explanation
from archc.language.field_table import FieldRow
from archc.report.table import Column, fitted

_COLUMNS = (Column("field"), Column("takes", least=8), Column("default", least=8, leave=1), Column("meaning", least=14))

EVERY_LAYER = "Every layer also accepts `from` and `expect`."


def page(explanation: Explanation, style: Style = unstyled, *, width: int) -> str:
    """The page of an explanation, in `width` columns except for the examples."""
    return "\n\n".join(part.rstrip("\n") for part in _parts(explanation, style, width)) + "\n"


def concept_page(concept: Concept, *, width: int) -> str:
    """The page of a concept, in `width` columns except for its indented blocks."""
    parts = (f"{concept.name}: {concept.title}", *concept.parts)
    return "\n\n".join(_set(part, width) for part in parts) + "\n"


def _set(part: str, width: int) -> str:
    """A part of a concept's page. Prose and list items are wrapped, indented blocks are not."""
    if part.startswith("    "):
        return part
    if part.startswith("- "):
        items = re.split(r"^- ", part, flags=re.MULTILINE)[1:]
        return "\n".join(_wrapped(item, width, first="- ", then="  ") for item in items)
    return _wrapped(part, width)


def listing(titles: Iterable[tuple[str, str]], *, width: int) -> str:
    """A table of names and their titles."""
    return "\n".join(fitted((Column("name"), Column("meaning", least=20)), [*titles], width=width))


def shown(spec: str | bytes) -> tuple[str, bool]:
    """The spec as printable text, and whether any of it had to be escaped."""
    # Bytes that are not UTF-8 become \xNN, the same escapes that control characters get below.
    text = spec.decode("utf-8", "backslashreplace") if isinstance(spec, bytes) else spec
    visible = "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in text)
    return visible, visible != spec


def failing_heading(explanation: Explanation, *, escaped: bool) -> str:
    """The line before the failing example."""
    verdict = "Valid, but advised against" if explanation.severity == "advice" else "Fails"
    return f"{verdict} (with escapes for what cannot be printed):" if escaped else f"{verdict}:"


def saying(explanation: Explanation) -> str:
    """The line before the findings of the example."""
    if not explanation.findings:
        return f"`{explanation.command}` reports an error. Its backend is not installed here."
    return f"`{explanation.command}` reports:"


def _parts(explanation: Explanation, style: Style, width: int) -> Iterator[str]:
    name, severity = explanation.name, explanation.severity
    yield _wrapped(f"{severity}[{name}]: {explanation.title}" if severity else f"{name}: {explanation.title}", width)
    for paragraph in filter(None, explanation.meaning.split("\n\n")):
        yield _wrapped(paragraph, width)
    if explanation.shape_rule not in explanation.title:  # many titles already state the whole rule
        yield _wrapped(f"Shapes: {explanation.shape_rule}.", width)
    if explanation.fields:
        yield _table(explanation.fields, width)
    if severity is None:
        yield _wrapped(EVERY_LAYER, width)
    failing, escaped = shown(explanation.failing)
    yield _wrapped(failing_heading(explanation, escaped=escaped), width)
    yield textwrap.indent(failing, "    ")
    yield _wrapped(saying(explanation), width)
    if explanation.findings:
        yield textwrap.indent(render(explanation.findings, style, width=width - 4), "    ")
    yield "Corrected:"
    yield textwrap.indent(explanation.corrected, "    ")


def _wrapped(text: str, width: int, *, first: str = "", then: str = "") -> str:
    return textwrap.fill(
        " ".join(text.split()),
        width,
        initial_indent=first,
        subsequent_indent=then,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _table(fields: tuple[FieldRow, ...], width: int) -> str:
    cells = [
        (field.name, field.takes, "required" if field.default is None else field.default, field.meaning)
        for field in fields
    ]
    return "\n".join(fitted(_COLUMNS, cells, width=width))
