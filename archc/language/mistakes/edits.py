"""Edits of a mapping's entries that leave the text around them as it is: one deleted, one written anew; the text of a
node in one line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from archc.diagnostics.finding import Edit, replacement
from archc.language.reader import MappingNode, SequenceNode, YamlNode
from archc.source import Span

_COLON = re.compile(r"[ \t]*:[ \t]*\Z")
_COMMA = re.compile(r"[ \t]*,\s*\Z")
_BELOW = re.compile(r"[ \t]*:[ \t]*(?:#[^\r\n]*)?[\r\n](?:[ \t\r\n]|#[^\r\n]*)*\Z")
# An anchor or an alias, or what may be one in a comment.
_MARKED = re.compile(r"[&*]")
_BLANK = re.compile(r"[ \t]*(?:#.*)?\Z")


def entry(mapping: MappingNode, key: str) -> Span | None:
    """The text of an entry, from its key to the end of its value; None if part of it is elsewhere."""
    first, value = mapping.keys[key].span, mapping.entries[key].span
    text = first.source.text
    # The value of an alias is where its anchor is. An anchor may be needed elsewhere.
    if value.start < first.end or not _COLON.match(text[first.end : value.start]):
        return None
    return None if "&" in text[first.start : value.end] else Span(first.source, first.start, value.end)


def deletion(mapping: MappingNode, key: str) -> tuple[Edit, ...]:
    """The edit that deletes an entry and its comma or its lines; none if it is the only one, or a comment would go."""
    whole, keys = entry(mapping, key), list(mapping.keys)
    if whole is None or len(mapping.entries) < 2 or key not in keys:
        return ()
    source, at = whole.source, keys.index(key)
    if source.text[mapping.span.start : mapping.span.start + 1] != "{":
        return _lines(whole)
    if at + 1 < len(keys):
        following = mapping.keys[keys[at + 1]].span.start
        return _if(_COMMA, Span(source, whole.start, following), source.text[whole.end : following])
    before = entry(mapping, keys[at - 1])
    if before is None:
        return ()
    return _if(_COMMA, Span(source, before.end, whole.end), source.text[before.end : whole.start])


def rewriting(mapping: MappingNode, key: str, text: str) -> tuple[Edit, ...]:
    """The edit that writes `text` in place of an entry; none if part of it is elsewhere."""
    whole = entry(mapping, key)
    return replacement(whole, text) if whole else ()


def gathering(mapping: MappingNode, keys: Sequence[str], text: str) -> tuple[Edit, ...]:
    """The edits that write `text` in place of the first of some entries, and delete the others; none unless all can."""
    first, *others = keys
    edits = [rewriting(mapping, first, text), *(deletion(mapping, key) for key in others)]
    spans = sorted((edit.span.start, edit.span.end) for each in edits for edit in each)
    apart = all(end <= start for (_, end), (start, _) in pairwise(spans))
    return tuple(edit for each in edits for edit in each) if all(edits) and apart else ()


def inline(node: YamlNode) -> str:
    """A node in one line, its values as they are written."""
    match node:
        case MappingNode():
            # An alias is written out: its anchor may be elsewhere.
            words = {key: key if key.isidentifier() else inline(node.keys[key]) for key in node.entries}
            fields = (f"{words[key]}: {inline(value)}" for key, value in node.entries.items())
            return f"{{{', '.join(fields)}}}"
        case SequenceNode():
            return f"[{', '.join(map(inline, node.items))}]"
        case _:
            return " ".join(node.span.source.text[node.span.start : node.span.end].split())


def _if(pattern: re.Pattern[str], span: Span, between: str) -> tuple[Edit, ...]:
    return (Edit(span, ""),) if pattern.match(between) and "#" not in between else ()


def _lines(whole: Span) -> tuple[Edit, ...]:
    """The deletion of the lines of an entry of a block, if nothing else is on them."""
    text = whole.source.text
    start = whole.start - (whole.column - 1)
    rest = re.match(r"[^\r\n]*(?:\r\n|\r|\n|\Z)", text[whole.end :])
    assert rest is not None
    if text[start : whole.start].strip() or rest[0].strip():
        return ()
    return (Edit(Span(whole.source, start, whole.end + len(rest[0])), ""),)


def added_after(mapping: MappingNode, key: str, text: str) -> tuple[Edit, ...]:
    """The edit that adds an entry on a line of its own after another one; none if something else is on its line."""
    whole = entry(mapping, key) or _block(mapping, key)
    if whole is None:
        return ()
    source = whole.source
    indent = source.line(whole.line)[: whole.column - 1]
    rest = re.match(r"([^\r\n]*)(\r\n|\r|\n|\Z)", source.text[whole.end :])
    assert rest is not None
    if indent.strip() or not _BLANK.match(rest[1]):
        return ()
    # Behind the line break, so that the last line of the entry before can itself be deleted.
    end = whole.end + len(rest[0])
    line_break = rest[2] or "\n"
    added = f"{indent}{text}{line_break}" if rest[2] else f"{line_break}{indent}{text}"
    return (Edit(Span(source, end, end), added),)


def added_fields(mapping: MappingNode, texts: Sequence[str]) -> tuple[Edit, ...]:
    """The edits that add fields at the end of a mapping; none if they could not be made without moving anything."""
    last = next(reversed(mapping.keys))
    if mapping.span.source.text[mapping.span.start] != "{":
        edits = [added_after(mapping, last, text) for text in texts]
        return tuple(edit for each in edits for edit in each) if all(edits) else ()
    whole = entry(mapping, last)
    return (Edit(Span(whole.source, whole.end, whole.end), "".join(f", {text}" for text in texts)),) if whole else ()


def _block(mapping: MappingNode, key: str) -> Span | None:
    """The text of an entry whose value is a block on the lines below its key; None if part of it is elsewhere."""
    first, value = mapping.keys[key].span, mapping.entries[key].span
    text = first.source.text
    is_below = value.start > first.end and _BELOW.match(text[first.end : value.start])
    if not is_below or _MARKED.search(text[first.start : value.end]):
        return None
    return Span(first.source, first.start, value.end)
