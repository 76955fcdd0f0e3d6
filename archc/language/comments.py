"""Finds the comments of a spec.

YAML's parse events do not include comments. A comment is a `#` at the start of a line or after white space, outside
every scalar, up to the end of its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.source import Span

ANCHOR = re.compile(r"&[0-9A-Za-z_-]+")
# White space and comments, which YAML allows between an anchor and its node.
_BETWEEN = re.compile(r"(?:[ \t\r\n]+|#[^\r\n]*)*")
# A comment may follow the `|` or `>` of a block scalar, though the reader's span of the scalar begins there.
_BLOCK_HEADER = re.compile(r"[|>][^\r\n]*")
_COMMENT = re.compile(r"(?<![^ \t\r\n])#[^\r\n]*")


def comments(root: YamlNode) -> list[Span]:
    """The span of each comment in the text of `root`, in order."""
    source = root.span.source
    # An alias has the span of its anchor's node, so the same span can occur many times.
    values = sorted({(text_start(span), span.end) for span in _values(root)})
    found: list[Span] = []
    at = 0
    for start, end in [*values, (len(source.text), len(source.text))]:
        while match := _COMMENT.search(source.text, at, start):
            found.append(Span(source, match.start(), match.end()))
            at = match.end()
        # max(), because a comment may lie inside the span of a value: between an anchor and the text of its scalar.
        at = max(at, end)
    return found


def _values(node: YamlNode) -> Iterator[Span]:
    """The spans of all scalars below a node, keys included."""
    # The reader's MAX_DEPTH bounds the recursion.
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
    """The offset at which a node's own text begins: after its anchor and any comments between the two."""
    text = span.source.text
    anchor = ANCHOR.match(text, span.start, span.end)
    between = _BETWEEN.match(text, anchor.end(), span.end) if anchor else None
    return between.end() if between else span.start


def text_start(span: Span) -> int:
    """The offset at which a scalar's characters begin. For a block scalar, that is after the line of `|` or `>`."""
    start = content_start(span)
    header = _BLOCK_HEADER.match(span.source.text, start, span.end)
    return header.end() if header else start
