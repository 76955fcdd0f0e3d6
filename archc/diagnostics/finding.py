"""Finding: an error or advice at a position in a spec, with its code, message, arithmetic and fix.

A finding cannot be created without a span, so each one is reported with a line and a column.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from archc.diagnostics.codes import CODES
from archc.source import Span

Severity = Literal["error", "advice"]

MAX_FINDINGS = 1000
"""Findings that a person is shown; a text with more errors is not read any further."""


class Edit(NamedTuple):
    """A text that replaces a span, or is inserted at it if the span is empty."""

    span: Span
    text: str


def replacement(span: Span, text: str) -> tuple[Edit, ...]:
    """The edit that replaces a span by `text`, or no edit if that would lose an anchor, a tag or a line break."""
    old = span.source.text[span.start : span.end]
    # These start an anchor, a tag, a block scalar or an alias: the span then contains more than the value itself.
    if not old or old[0] in "&!|>*" or "\n" in old or "\r" in old:
        return ()
    return (Edit(span, text),)


def respelling(span: Span, word: str | None) -> tuple[Edit, ...]:
    """The edit that replaces the word in a span, keeping its quotes; no edit if `word` is None."""
    # Without its quotes, the key in `{"pad":1}` would no longer end at the colon: YAML wants a space after that.
    quote = span.source.text[span.start : span.start + 1]
    return replacement(span, f"{quote}{word}{quote}" if quote in ("'", '"') else word) if word else ()


class Finding(NamedTuple):
    """One finding.

    `related` lists other positions that contribute to it, each with a label. `fix` lists the edits that correct it
    when all are applied; it is empty unless exactly one correction is certain.

    `layer` is the layer that it is about, if it is about one, and `blamed` are the fields that it says to change, as
    (layer, field). Findings of the same mistake become one (see
    `grouping`), with the other positions of the mistake in `places`. `cause` names the mistake if the message does not.
    """

    span: Span
    code: str
    message: str
    notes: tuple[str, ...] = ()
    help: str | None = None
    related: tuple[tuple[Span, str], ...] = ()
    fix: tuple[Edit, ...] = ()
    layer: str | None = None
    cause: str | None = None
    places: tuple[Span, ...] = ()
    blamed: frozenset[tuple[str, str]] = frozenset()

    @property
    def severity(self) -> Severity:
        return CODES[self.code].severity


def report(
    span: Span,
    code: str,
    message: str,
    *,
    notes: Iterable[str] = (),
    help: str | None = None,
    related: Iterable[tuple[Span, str]] = (),
    fix: Iterable[Edit] = (),
    layer: str | None = None,
    cause: str | None = None,
) -> Finding:
    """A finding of a registered code at `span`. Empty notes are dropped."""
    assert code in CODES, code
    kept = tuple(note for note in notes if note)
    return Finding(span, code, message, kept, help, tuple(related), tuple(fix), layer, cause)


def in_source_order(findings: Iterable[Finding]) -> list[Finding]:
    """The findings sorted by position, without duplicates and without those that follow from an unreadable value."""
    # An unreadable value (0xx) becomes null, so a second finding at its span would only report that null.
    findings = list(findings)
    unread = {finding.span for finding in findings if finding.code < "ARC1"}
    # Nodes behind an alias share the spans of their anchor, so the same finding can occur once for each alias.
    heard = dict.fromkeys(f for f in findings if f.code < "ARC1" or f.span not in unread)
    return sorted(heard, key=lambda f: (f.span.source.name, f.span.start, f.code))


def is_error(findings: Iterable[Finding]) -> bool:
    """Whether any of the findings is an error. A spec with only advice is usable."""
    return any(finding.severity == "error" for finding in findings)
