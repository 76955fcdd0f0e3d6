"""The comments of a text, which YAML's events leave out: every `#` after white space that no value holds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archc.source import Span
from archc.yaml_reader import Mapping, Node, Scalar, Sequence

_COMMENT = re.compile(r"(?<![^ \t\r\n])#[^\r\n]*")


def comments(root: Node) -> list[Span]:
    """Each comment from its `#` to the end of its line, in order."""
    source = root.span.source
    values = sorted({(span.start, span.end) for span in _values(root)})
    found: list[Span] = []
    at = 0
    for start, end in [*values, (len(source.text), len(source.text))]:
        while (match := _COMMENT.search(source.text, at)) and match.start() < start:
            found.append(Span(source, match.start(), match.end()))
            at = match.end()
        at = max(at, end)
    return found


def _values(node: Node) -> Iterator[Span]:
    """Where scalars stand, keys too. Recursion is bounded by the reader's depth."""
    match node:
        case Scalar():
            yield node.span
        case Sequence():
            for item in node.items:
                yield from _values(item)
        case Mapping():
            for key in node.keys.values():
                yield key.span
            for value in node.entries.values():
                yield from _values(value)
