"""Builds what is to be printed: the nodes in canonical order, each with its comments.

A comment on its own line belongs to the entry that follows or, if none does, to the end of the block that has its
indentation. A comment at the end of a line belongs to the entry that ends or opens on that line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from archc.language.comments import ANCHOR, comments, content_start, text_start
from archc.language.layout.order import HEADER, in_order
from archc.language.layout.silences import as_written, speaks
from archc.language.layout.spelling import spelled
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.source import Span

_BLOCKS = ((), ("layers",), ("defaults",), ("train",), ("blocks",))
"""The sections that are never printed on one line, and neither are the layers of a block that have names."""

_IN_FLOW = -2
"""Stands for the column of entries in a flow collection, where indentation has no meaning."""
_COLON = re.compile(r"[ \t]*:")
# Up to the next `-` or alias. A comment on the way may contain either, so it is skipped as a whole.
_TO_DASH = re.compile(r"(?:[^-#]|#[^\n]*)*-")
_TO_ALIAS = re.compile(r"(?:[^*#]|#[^\n]*)*(\*[0-9A-Za-z_-]+)")


@dataclass(frozen=True)
class Comment:
    """A comment on its own line, and whether there is a blank line above it."""

    text: str
    blank: bool = False


@dataclass(frozen=True)
class Leaf:
    """A scalar or an alias, as written in a block and in a flow collection."""

    block: str
    flow: str


@dataclass(frozen=True)
class Written:
    """A value that keeps the lines of the source, with the comments in them. The first follows the key."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """A mapping or a sequence.

    `tail` has the comments after its last entry. `block` forces one entry per line, and a pair has no braces in a list.
    """

    is_mapping: bool
    anchor: str
    entries: tuple[Entry, ...]
    tail: tuple[Comment, ...]
    block: bool
    is_pair: bool = False


@dataclass(frozen=True)
class Entry:
    """One entry of a group, or the root.

    `before` has the comments above it, `after` the comment at the end of its first line; `blank` asks for a blank line
    between `before` and the entry.
    """

    key: Leaf | None
    value: Leaf | Group | Written
    before: tuple[Comment, ...]
    after: str | None
    blank: bool


@dataclass(frozen=True)
class _Place:
    """The position of an entry in the source."""

    key: ScalarNode | None
    node: YamlNode
    start: int
    value_start: int
    end: int
    is_alias: bool


def tree(root: YamlNode) -> tuple[Entry, tuple[Comment, ...]]:
    """The root as it is to be printed, and the comments after it. The source must use LF for line ends."""
    builder = _Builder(root)
    entry = builder.entry(_place(None, root, 0), (), len(builder.text), -1)
    return entry, builder.own_lines(len(builder.text))


class _Builder:
    """Walks the nodes in source order, and assigns each comment to an entry exactly once."""

    def __init__(self, root: YamlNode) -> None:
        self.text = root.span.source.text
        self._comments = comments(root)
        self._next = 0

    def entry(self, place: _Place, path: tuple[str, ...], limit: int, outer: int) -> Entry:
        """The entry at `place`. Comments before the offset `limit` may belong to it. `outer` is its parent's column."""
        # Each call below takes the comments up to an offset, so the calls must be in the order of the source.
        before = self.own_lines(place.start if path else self._end_of_header(place))
        key = self._key(place.key) if place.key else None
        opened = place.key.span.end if place.key else place.start
        blank = _blank_above(self.text, place.start)
        from_above = bool(before) and speaks(before[-1].text) and not blank
        if written := self._written(place, opened, outer, from_above=from_above):
            return Entry(key, written, before, None, blank)
        value: Leaf | Group
        if isinstance(place.node, ScalarNode) or place.is_alias:
            value = self._leaf(place)
            beside = self._same_line(opened, place.value_start)
            before += self.own_lines(place.value_start)
            beside += self._same_line(place.end, limit)
        else:
            children = list(_places(place.node))
            inside = children[0].start if children else place.end
            beside = self._same_line(opened, inside)
            # An empty collection has no entry to which a comment in its brackets could belong.
            if not children:
                before += self.own_lines(inside)
            value = self._group(place.node, children, path, limit, outer)
            beside += self._same_line(place.end, limit)
            if _COLON.match(self.text, opened) and place.key and (from_above or any(map(speaks, beside))):
                # What the suppression covers stays on its line, and nothing else joins it.
                value = replace(value, block="\n" in self.text[place.start : inside])
        entry = Entry(key, value, before, None, blank)
        if key is None and path:
            entry = _with_first_comments(entry)
        # `a: # one` with the value and `# two` on the next line has two comments for one line. The last one stays.
        for text in beside[:-1]:
            entry = above(entry, text)
        return replace(entry, after=beside[-1] if beside else None)

    def _end_of_header(self, root: _Place) -> int:
        """The offset up to which comments above the root belong to it: a suppression belongs to its first entry."""
        above = [span for span in self._comments if span.start < root.start]
        # Neither a bracket nor an anchor can have a comment between it and the first entry.
        begins_with_entry = self.text[root.start : root.start + 1] not in ("{", "[", "&")
        if not above or not begins_with_entry or _blank_above(self.text, root.start):
            return root.start
        last = above[-1]
        return last.start if speaks(self.text[last.start : last.end]) else root.start

    def _written(self, place: _Place, opened: int, outer: int, *, from_above: bool) -> Written | None:
        """The lines of an entry of several lines as they are in the source, if a suppression applies to one of them.

        In a block, each entry has lines of its own anyway.
        """
        start = text_start(place.node.span) if isinstance(place.node, ScalarNode) else content_start(place.node.span)
        is_block = not isinstance(place.node, ScalarNode) and self.text[start] not in "{["
        if (
            outer == _IN_FLOW
            or not place.key
            or place.is_alias
            or is_block
            or "\n" not in self.text[place.start : place.end]
        ):
            return None
        line_end = self.text.find("\n", place.end) % (len(self.text) + 1)
        inside = [span for span in self._comments[self._next :] if span.start < line_end]
        if not from_above and not any(speaks(self.text[span.start : span.end]) for span in inside):
            return None
        colon = _COLON.match(self.text, opened)
        lines = as_written(self.text, colon.end(), line_end, place.node) if colon else None
        if lines is None:
            return None
        self._next += len(inside)
        return Written(lines)

    def _key(self, key: ScalarNode) -> Leaf:
        return self._spelled(_anchor(key), key)

    def _leaf(self, place: _Place) -> Leaf:
        if place.is_alias:
            written = self.text[place.value_start : place.end]
            return Leaf(written, written)
        assert isinstance(place.node, ScalarNode)
        return self._spelled(_anchor(place.node), place.node)

    def _spelled(self, anchor: str, node: ScalarNode) -> Leaf:
        written = self.text[content_start(node.span) : node.span.end]
        block, flow = (spelled(written, node.value, flow=flow) for flow in (False, True))
        return Leaf(joined(anchor, block), joined(anchor, flow))

    def _group(
        self, node: MappingNode | SequenceNode, places: list[_Place], path: tuple[str, ...], limit: int, outer: int
    ) -> Group:
        anchor = _anchor(node)
        start = content_start(node.span) if anchor else node.span.start
        # In brackets, a mapping of one entry needs no braces: `[a: 1]`.
        in_flow = outer == _IN_FLOW or self.text[start] in "{["
        column = _IN_FLOW if in_flow else _column(self.text, start)
        # A block has no closing bracket: comments below its last entry belong to it if they are indented like it.
        end = node.span.end if in_flow else limit
        entries: list[Entry] = []
        for place, until in zip(places, [*(following.start for following in places[1:]), end], strict=False):
            step = str(place.key.value) if place.key else "-"
            entries.append(self.entry(place, (*path, step), until, column))
        # A sequence may have the column of the mapping that contains it. Comments at that column belong to the mapping.
        tail = self.own_lines(end, column=0 if in_flow else max(column, outer + 1))
        if isinstance(node, MappingNode):
            entries = _ordered(entries, list(node.entries), path, node)
        is_mapping = isinstance(node, MappingNode)
        inside = path[2:] if path[:1] == ("blocks",) else ()
        is_pair = inside == ("takes", "-") and is_mapping and len(entries) == 1 and not anchor
        is_block = path in _BLOCKS or (inside == ("layers",) and is_mapping)
        return Group(is_mapping, anchor, tuple(entries), tail, block=is_block, is_pair=is_pair)

    def own_lines(self, until: int, column: int = 0) -> tuple[Comment, ...]:
        """The comments up to an offset, or up to the first one that starts to the left of `column`."""
        taken: list[Comment] = []
        while (span := self._waiting(until)) and _column(self.text, span.start) >= column:
            taken.append(Comment(self._take(), _blank_above(self.text, span.start)))
        return tuple(taken)

    def _same_line(self, start: int, until: int) -> list[str]:
        """The comments between two offsets that are on the line of the first."""
        taken: list[str] = []
        while (span := self._waiting(until)) and start <= span.start and "\n" not in self.text[start : span.start]:
            taken.append(self._take())
        return taken

    def _waiting(self, until: int) -> Span | None:
        span = self._comments[self._next] if self._next < len(self._comments) else None
        return span if span and span.start < until else None

    def _take(self) -> str:
        span = self._comments[self._next]
        self._next += 1
        return self.text[span.start : span.end].rstrip()


def _places(node: MappingNode | SequenceNode) -> Iterator[_Place]:
    """The positions of the entries of a collection, in source order."""
    if isinstance(node, MappingNode):
        for name, key in node.keys.items():
            yield _place(key, node.entries[name], key.span.end)
        return
    text = node.span.source.text
    reached = content_start(node.span)
    # An item of a block begins at its dash, which is not part of the span of its node.
    is_block = text[reached] == "-"
    for item in node.items:
        dash = _TO_DASH.match(text, reached) if is_block else None
        place = _place(None, item, dash.end() if dash else reached)
        yield replace(place, start=dash.end() - 1) if dash else place
        reached = place.end


def _place(key: ScalarNode | None, node: YamlNode, reached: int) -> _Place:
    """The position of one entry. `reached` is the offset behind which its value is."""
    # An alias is represented by the node that it repeats, whose span is before the offset reached.
    text = node.span.source.text
    is_alias = node.span.start < (key.span.start if key else reached)
    if is_alias:
        alias = _TO_ALIAS.match(text, reached)
        assert alias
        value_start, end = alias.span(1)
    else:
        value_start = text_start(node.span) if isinstance(node, ScalarNode) else node.span.start
        end = node.span.end
    start = key.span.start if key else value_start if is_alias else node.span.start
    return _Place(key, node, start, value_start, end, is_alias)


def _anchor(node: YamlNode) -> str:
    """The anchor of a node, `&name`, or an empty string."""
    # `&a key: 1` without a line break before the key anchors the key, although the mapping begins there as well.
    if isinstance(node, MappingNode) and any(key.span.start == node.span.start for key in node.keys.values()):
        return ""
    found = ANCHOR.match(node.span.source.text, node.span.start, node.span.end)
    return found[0] if found else ""


def joined(*parts: str) -> str:
    """The parts that are not empty, with a space between them."""
    return " ".join(filter(None, parts))


def _column(text: str, at: int) -> int:
    return at - text.rfind("\n", 0, at) - 1


def _blank_above(text: str, at: int) -> bool:
    """Whether the text at an offset is the first on its line, below a blank line."""
    line = text.rfind("\n", 0, at) + 1
    above = text.rfind("\n", 0, max(line - 1, 0)) + 1
    return line > 0 and not text[line:at].strip(" -?,{[") and not text[above:line].strip()


def above(entry: Entry, text: str) -> Entry:
    """The entry with one more comment above it. A blank line above the entry moves above the comments."""
    comment = Comment(text, blank=entry.blank and not entry.before)
    return replace(entry, before=(*entry.before, comment), blank=entry.blank and bool(entry.before))


def _with_first_comments(item: Entry) -> Entry:
    """The item with the comments above its group's first entry moved above the item itself."""
    # There is no place for them between `- ` and the first entry.
    group = item.value
    if not isinstance(group, Group) or group.anchor or not group.entries:
        return item
    first, *others = group.entries
    for comment in first.before:
        item = above(item, comment.text)
    return replace(item, value=replace(group, entries=(replace(first, before=()), *others)))


def _ordered(entries: list[Entry], keys: list[str], path: tuple[str, ...], node: MappingNode) -> list[Entry]:
    """The entries in canonical order, the sections of a spec with blank lines between them."""
    by_key = dict(zip(keys, entries, strict=True))
    order = in_order(keys, path, node)
    # An alias must stay behind its anchor, so entries are not sorted if that would reorder anchors and aliases.
    if list(_marks(entries)) != list(_marks(by_key[key] for key in order)):
        order = keys
    if path:
        return [by_key[key] for key in order]
    return [
        _set_apart(by_key[key]) if not {key, previous} <= set(HEADER) else _set_apart(by_key[key], if_commented=True)
        for previous, key in zip([HEADER[0], *order], order, strict=False)
    ]


def _set_apart(entry: Entry, *, if_commented: bool = False) -> Entry:
    """The entry with a blank line above it and its comments.

    With `if_commented`, a blank line is kept only if the source has one above the entry's comments.
    """

    if not entry.before:
        return replace(entry, blank=not if_commented)
    first, *others = entry.before
    return replace(entry, before=(replace(first, blank=first.blank or not if_commented), *others))


def _marks(entries: Iterable[Entry]) -> Iterator[str]:
    """The anchors and aliases in the entries, in order."""
    for entry in entries:
        for part in (entry.key, entry.value):
            if isinstance(part, Group):
                if part.anchor:
                    yield part.anchor
                yield from _marks(part.entries)
            elif isinstance(part, Leaf) and part.block[0] in "&*":
                yield part.block.partition(" ")[0]
