"""The comments of a text, which YAML's events leave out: every `#` after white space that no value holds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.source import Span

ANCHOR = re.compile(r"&[0-9A-Za-z_-]+")
_BETWEEN = re.compile(r"(?:[ \t\r\n]+|#[^\r\n]*)*")
_BLOCK_HEADER = re.compile(r"[|>][^\r\n]*")
_COMMENT = re.compile(r"(?<![^ \t\r\n])#[^\r\n]*")


def comments(root: YamlNode) -> list[Span]:
    """Each comment from its `#` to the end of its line, in order."""
    source = root.span.source
    values = sorted({(text_start(span), span.end) for span in _values(root)})
    found: list[Span] = []
    at = 0
    for start, end in [*values, (len(source.text), len(source.text))]:
        while match := _COMMENT.search(source.text, at, start):
            found.append(Span(source, match.start(), match.end()))
            at = match.end()
        at = max(at, end)
    return found


def _values(node: YamlNode) -> Iterator[Span]:
    """Where scalars stand, keys too. Recursion is bounded by the reader's depth."""
    match node:
        case ScalarNode():
            yield node.span
        case SequenceNode():
            for item in node.items:
                yield from _values(item)
        case MappingNode():
            for key in node.keys.values():
                yield key.span
            for value in node.entries.values():
                yield from _values(value)


def content_start(span: Span) -> int:
    """Where a node stands itself: after its anchor, and the comments between the two."""
    text = span.source.text
    anchor = ANCHOR.match(text, span.start, span.end)
    between = _BETWEEN.match(text, anchor.end(), span.end) if anchor else None
    return between.end() if between else span.start


def text_start(span: Span) -> int:
    """Where a scalar's text begins: in `&anchor | # comment`, on the next line."""
    start = content_start(span)
    header = _BLOCK_HEADER.match(span.source.text, start, span.end)
    return header.end() if header else start
