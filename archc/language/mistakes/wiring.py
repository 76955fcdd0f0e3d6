"""Explains why a layer cannot read a name: the name is unknown, its layer comes later, or there is a cycle.

Works on the nodes of the spec, because the graph contains only layers that could be wired.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from functools import cached_property
from itertools import pairwise

from archc.diagnostics.finding import Finding, report
from archc.language.document import Document
from archc.language.mistakes.vocabulary import did_you_mean
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode, is_bare
from archc.language.recipe_words import OF_SECTIONS
from archc.source import Span
from archc.wording import counted

# The steps of all searches together: in a hostile spec, a search from each layer would take quadratic time. Beyond this
# limit, a cycle is reported as a later layer.
_MOST_STEPS = 200_000
_MOST_NAMED = 4

_OPS = ("op", *OF_SECTIONS["op"])
_FROM = ("from", *OF_SECTIONS["from"])
_UNRELATED = ("schema", "name", "title", "input", "layers", "train", "defaults")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_POSITION = re.compile(r"-?[0-9]+\Z", re.ASCII)
# One negative position, or several in a string.
_POSITIONS = re.compile(r"(-[0-9]+([,;+\s]+-?[0-9]+)*|[0-9]+([,;+\s]+-?[0-9]+)+)\Z", re.ASCII)


class Wiring:
    """The names that each layer reads, and the search for cycles among them."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._steps_left = _MOST_STEPS
        # The edges (reader, source) of the cycles reported so far.
        self._told: set[tuple[str, str]] = set()

    def unreadable(self, reader: str, name: str, span: Span, readable: Iterable[str]) -> list[Finding]:
        """Why `reader` cannot read `name`, written at `span`.

        The result is empty if the cycle is reported already.
        """
        if name not in self._document.spec.layers:
            help = did_you_mean(name, readable, what="names")
            message = f"unknown layer `{name[:64]}`"
            return [report(span, "ARC107", message, help=help, cause=message)]
        if (reader, name) in self._told:
            return []
        path = self._path(name, reader)
        return [self._cycle([reader, *path], span) if path else self._later(reader, name, span)]

    @cached_property
    def readers(self) -> dict[str, list[str]]:
        """By each name that a layer gives in any field, also in a string such as `c1, image`, those layers."""
        found: dict[str, list[str]] = {}
        for reader, body in self._bodies():
            words = {word for field in body.entries if field not in _OPS for word in _words_in(body, field)}
            for word in words - {reader}:
                found.setdefault(word, []).append(reader)
        return found

    @cached_property
    def named(self) -> frozenset[str]:
        """The names that layers give, and the words of all sections but those that cannot name a layer."""
        other = [node for name, node in self._document.root.entries.items() if name not in _UNRELATED]
        defaults = self._document.node("defaults")
        layers = self._document.node("layers")
        lists = [body for body in _values(layers) if isinstance(body, SequenceNode)]
        return frozenset(self.readers).union(*map(_words, [*other, *_values(defaults), *lists]))

    @cached_property
    def by_position(self) -> bool:
        """Whether a layer reads another one by its position, which a new layer would change."""
        return any(
            _is_position(node, f) for _, body in self._bodies() for f, node in body.entries.items() if f in _FROM
        )

    def _bodies(self) -> list[tuple[str, MappingNode]]:
        layers = self._document.node("layers")
        bodies = layers.entries.items() if isinstance(layers, MappingNode) else ()
        return [(name, body) for name, body in bodies if isinstance(body, MappingNode)]

    def _later(self, reader: str, name: str, span: Span) -> Finding:
        where = self._document.spans.key("layers", name)
        message = f"{reader} reads {name}, which is defined later, on line {where.line}"
        help = f"move {name} before {reader}: a layer reads only earlier layers"
        return report(span, "ARC107", message, help=help, related=[(where, "defined here")])

    def _cycle(self, path: list[str], span: Span) -> Finding:
        """The finding for a cycle. `path` begins and ends with the layer that reads itself."""
        reader, *others = path[:-1]
        # Every edge of the cycle closes the same one, so none of them is reported again.
        self._told.update(pairwise(path))
        help = "read an earlier layer: a network has no cycles"
        if not others:
            return report(span, "ARC111", f"{reader} reads itself", help=help)
        steps = [f"which reads {name}" for name in path[2:]]
        if len(steps) > _MOST_NAMED:
            steps = [*steps[: _MOST_NAMED - 2], "…", *steps[-1:]]
        note = ", ".join([f"{reader} reads {path[1]}", *steps])
        places = [(self._document.spans.key("layers", name), f"reads {source}") for name, source in pairwise(path[1:])]
        related = sorted(places[:_MOST_NAMED], key=lambda place: place[0].start)
        first, *more = others
        through = f"{first} and {counted(len(more), 'other layer')}" if more else first
        message = f"{reader} reads itself through {through}"
        return report(span, "ARC111", message, notes=[note], help=help, related=related)

    def _path(self, start: str, goal: str) -> list[str]:
        """The shortest path of reads from `start` to `goal`, or an empty list if there is none."""
        came_from: dict[str, str | None] = {start: None}
        waiting = deque([start])
        # Breadth first, so that the path in the message is a shortest one.
        while waiting and self._steps_left:
            self._steps_left -= 1
            layer = waiting.popleft()
            if layer == goal:
                return _back(came_from, layer)
            for source in self._reads.get(layer, ()):
                if source not in came_from:
                    came_from[source] = layer
                    waiting.append(source)
        return []

    @cached_property
    def _reads(self) -> dict[str, tuple[str, ...]]:
        """For each layer, the names in its `from`, or else the layer before it."""
        layers = self._document.node("layers")
        found: dict[str, tuple[str, ...]] = {}
        before: tuple[str, ...] = ()
        for name, body in layers.entries.items() if isinstance(layers, MappingNode) else ():
            written = body.entries.get("from") if isinstance(body, MappingNode) else None
            found[name] = before if written is None else _names(written)
            before = (name,)
        return found


def _values(node: YamlNode | None) -> Iterable[YamlNode]:
    return node.entries.values() if isinstance(node, MappingNode) else ()


def _words_in(body: MappingNode, field: str) -> set[str]:
    """The words in a field; its own name if it has no value, as that of `image` in `{op: add, from: c1, image}`."""
    return {field} if is_bare(body.entries[field]) else _words(body.entries[field])


def _words(node: YamlNode) -> set[str]:
    """All words in the keys and values of a node."""
    match node:
        case ScalarNode():
            return set(_WORD.findall(node.value)) if isinstance(node.value, str) else set()
        case SequenceNode():
            return {word for item in node.items for word in _words(item)}
        case MappingNode():
            return {*node.entries, *(word for value in node.entries.values() for word in _words(value))}


def _is_position(node: YamlNode, field: str) -> bool:
    """Whether a value is a position, or a list with one; of other fields than `from`, a number alone is a size."""
    if isinstance(node, SequenceNode):
        return any(isinstance(item, ScalarNode) and _POSITION.match(str(item.value)) for item in node.items)
    pattern = _POSITION if field == "from" else _POSITIONS
    return isinstance(node, ScalarNode) and bool(pattern.match(str(node.value)) or _POSITIONS.match(str(node.value)))


def _names(node: YamlNode) -> tuple[str, ...]:
    items = node.items if isinstance(node, SequenceNode) else [node]
    return tuple(item.value for item in items if isinstance(item, ScalarNode) and isinstance(item.value, str))


def _back(came_from: dict[str, str | None], goal: str) -> list[str]:
    path: list[str] = []
    layer: str | None = goal
    while layer is not None:
        path.append(layer)
        layer = came_from[layer]
    return path[::-1]
