"""What archc has to say about a place in a spec: a code, a sentence, the arithmetic and the fix.

A finding cannot be made without a span, so none can be reported without a line and a column.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from archc.diagnostics.codes import CODES
from archc.source import Span

Severity = Literal["error", "advice"]


class Edit(NamedTuple):
    """What to write in a span's place; at an empty span, what to insert."""

    span: Span
    text: str


def replacement(span: Span, text: str) -> tuple[Edit, ...]:
    """The edit that writes `text` in a span's place, or none where an anchor, a tag or a line break would be lost."""
    old = span.source.text[span.start : span.end]
    if not old or old[0] in "&!|>*" or "\n" in old or "\r" in old:
        return ()
    return (Edit(span, text),)


def respelling(span: Span, word: str | None) -> tuple[Edit, ...]:
    """The edit that writes a word as a span's word, in the same quotes if it has any: in `{"pad":1}` they end it."""
    quote = span.source.text[span.start : span.start + 1]
    return replacement(span, f"{quote}{word}{quote}" if quote in ("'", '"') else word) if word else ()


class Finding(NamedTuple):
    """One finding; `related` are further places that take part in it, each with what it says there.

    `fix` holds the edits that mend it, where there is one certain way to.
    """

    span: Span
    code: str
    message: str
    notes: tuple[str, ...] = ()
    help: str | None = None
    related: tuple[tuple[Span, str], ...] = ()
    fix: tuple[Edit, ...] = ()

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
) -> Finding:
    """A finding of a registered code at `span`."""
    assert code in CODES, code
    return Finding(span, code, message, tuple(note for note in notes if note), help, tuple(related), tuple(fix))


def in_source_order(findings: Iterable[Finding]) -> list[Finding]:
    """The findings by place, each once: an alias must not report its anchor twice.

    Whatever else is said of a place that the reader could not read (0xx) is an echo, and left out.
    """
    findings = list(findings)
    unread = {finding.span for finding in findings if finding.code < "ARC1"}
    heard = dict.fromkeys(f for f in findings if f.code < "ARC1" or f.span not in unread)
    return sorted(heard, key=lambda f: (f.span.source.name, f.span.start, f.code, f.message))


def is_error(findings: Iterable[Finding]) -> bool:
    """Whether any finding makes the spec unusable."""
    return any(finding.severity == "error" for finding in findings)
