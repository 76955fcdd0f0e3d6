"""Breaks a tree into lines.

A collection is printed on one line if it fits and contains no comment, else with one entry per line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import takewhile

from archc.language.layout.silences import speaks
from archc.language.layout.tree import Comment, Entry, Group, Leaf, Written, above, joined

WIDTH = 120
INDENT = "  "
LONGEST_KEY = 1000
"""YAML requires a `?` before a key of more than 1024 characters, its quotes and escapes included."""


def lines(root: Entry, tail: Iterable[Comment]) -> Iterator[str]:
    """The lines of the whole text: the root, then the comments in `tail`."""
    if root.after is not None:
        root = above(root, root.after)
    yield from _own_lines(root.before, "", first=True)
    body = [*_whole(root.value)]
    if root.before and (root.blank or _begins_with_comment(root.value, body)):
        yield ""
    yield from body
    yield from _own_lines(tail, "")


def _begins_with_comment(value: Leaf | Group | Written, body: list[str]) -> bool:
    """Whether the first entry has a comment above it in the lines, which may come from an entry inside it."""
    first = body[1 if isinstance(value, Group) and value.anchor and value.entries else 0]
    return isinstance(value, Group) and first.startswith("#")


def _whole(value: Leaf | Group | Written) -> Iterator[str]:
    if isinstance(value, Leaf):
        yield value.block
    elif isinstance(value, Written):
        yield from _written("", value, "")
    elif not value.entries:
        yield _flow(value) or ""
    else:
        if value.anchor:
            yield value.anchor
        yield from _block(value, "")


def _block(group: Group, pad: str) -> Iterator[str]:
    for place, entry in enumerate(group.entries):
        yield from _entry(entry, pad, first=place == 0)
    yield from _own_lines(group.tail, pad)


def _entry(entry: Entry, pad: str, *, first: bool) -> Iterator[str]:
    head = _head(entry.key, pad)
    if isinstance(entry.value, Written):
        yield from _own_lines(entry.before, pad, first=first)
        if entry.blank and (entry.before or not first):
            yield ""
        yield from _written(head, entry.value, pad)
        return
    text = entry.value.block if isinstance(entry.value, Leaf) else _flow(entry.value)
    # An entry that a suppression covers stays on one line at any width: broken over several, it would escape.
    fits = text is not None and (len(head) + 1 + len(text) <= WIDTH or _speaks_of_its_line(entry))
    if isinstance(entry.value, Leaf) or not entry.value.entries or fits:
        body = [f"{head} {text}"]
    elif entry.key:
        body = [joined(head, entry.value.anchor), *_block(entry.value, pad + INDENT)]
    else:
        entry, body = _block_item(entry, entry.value, pad)
    # The head of a very long key has two lines; the comment goes to the end of the first.
    body[:1] = body[0].split("\n")
    if entry.after is not None:
        body[0] += f"  {entry.after}"
    yield from _own_lines(entry.before, pad, first=first)
    if entry.blank and (entry.before or not first):
        yield ""
    yield from body


def _written(head: str, value: Written, pad: str) -> Iterator[str]:
    first, *others = value.lines
    gap = "  " if first.startswith("#") else " " if head and first else ""
    yield f"{head}{gap}{first}"
    for line in others:
        yield f"{pad}{'' if line[0] in ']}' else INDENT}{line}"


def _head(key: Leaf | None, pad: str) -> str:
    if key is None:
        return f"{pad}-"
    return f"{pad}{key.block}:" if len(key.block) <= LONGEST_KEY else f"{pad}? {key.block}\n{pad}:"


def _block_item(item: Entry, group: Group, pad: str) -> tuple[Entry, list[str]]:
    """An item that is a collection: its lines, the first one after `- `, and the item with the comments above it."""
    # There is no place for a comment between `- ` and the first entry, so it moves above the item.
    if item.after is not None:
        item = replace(above(item, item.after), after=None)
    body = list(_block(group, pad + INDENT))
    if group.anchor:
        return item, [f"{pad}- {group.anchor}", *body]
    comments = list(takewhile(lambda line: not line or line.lstrip().startswith("#"), body))
    for text in filter(None, comments):
        item = above(item, text.lstrip())
    first, *others = body[len(comments) :]
    return item, [f"{pad}- {first.removeprefix(pad + INDENT)}", *others]


def _flow(value: Leaf | Group | Written) -> str | None:
    """The value on one line, or None if it cannot be on one line."""
    if isinstance(value, Leaf):
        return value.flow
    if isinstance(value, Written):
        return None
    if value.tail or (value.block and value.entries):
        return None
    parts: list[str] = []
    for entry in value.entries:
        text = _flow(entry.value)
        if text is None or entry.before or entry.after is not None:
            return None
        if entry.key and len(entry.key.flow) > LONGEST_KEY:
            return None
        parts.append(f"{entry.key.flow}: {text}" if entry.key else text)
    inside = ", ".join(parts)
    if value.is_pair:
        return inside
    return joined(value.anchor, f"{{{inside}}}" if value.is_mapping else f"[{inside}]")


def _speaks_of_its_line(entry: Entry) -> bool:
    """Whether a suppression applies to the line of this entry."""
    nearest = [comment.text for comment in entry.before[-1:]]
    return any(map(speaks, [*nearest, entry.after or ""]))


def _own_lines(comments: Iterable[Comment], pad: str, *, first: bool = False) -> Iterator[str]:
    for place, comment in enumerate(comments):
        if comment.blank and not (first and place == 0):
            yield ""
        yield pad + comment.text
