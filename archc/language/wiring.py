"""What each layer reads as the spec writes it, to say why a name cannot be read: unknown, later, or a cycle."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from functools import cached_property
from itertools import pairwise

from archc.diagnostics.finding import Finding, report
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.language.spec import Document
from archc.language.vocabulary import did_you_mean
from archc.source import Span

# All searches together, so that a hostile spec is not searched for ever: cycles beyond are told as later layers.
_MOST_STEPS = 200_000
_MOST_NAMED = 4


class Wiring:
    """The names that layers read, followed where one cannot be."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._steps_left = _MOST_STEPS
        self._told: set[tuple[str, str]] = set()

    def unreadable(self, reader: str, name: str, span: Span, readable: Iterable[str]) -> list[Finding]:
        """Why `reader` cannot read `name`, written at `span`. A cycle is told once, wherever it closes."""
        if name not in self._document.spec.layers:
            help = did_you_mean(name, readable, what="names")
            return [report(span, "ARC107", f"there is no layer `{name[:64]}`", help=help)]
        if (reader, name) in self._told:
            return []
        path = self._path(name, reader)
        return [self._cycle([reader, *path], span) if path else self._later(reader, name, span)]

    def _later(self, reader: str, name: str, span: Span) -> Finding:
        where = self._document.key("layers", name)
        message = f"{name} stands after {reader}, on line {where.line}"
        help = f"move {name} before {reader}: a layer reads only what stands before it"
        return report(span, "ARC107", message, help=help, related=[(where, "here")])

    def _cycle(self, path: list[str], span: Span) -> Finding:
        """`path` begins and ends with the layer that reads itself."""
        reader, *others = path[:-1]
        self._told.update(pairwise(path))
        help = "name a layer that stands before it: values flow one way"
        if not others:
            return report(span, "ARC111", f"{reader} reads itself", help=help)
        through = others[0] if len(others) == 1 else f"{others[0]} and {len(others) - 1} more"
        steps = [f"which reads {name}" for name in path[2:]]
        if len(steps) > _MOST_NAMED:
            steps = [*steps[: _MOST_NAMED - 2], "…", *steps[-1:]]
        note = ", ".join([f"{reader} reads {path[1]}", *steps])
        places = [(self._document.key("layers", name), f"reads {source}") for name, source in pairwise(path[1:])]
        related = sorted(places[:_MOST_NAMED], key=lambda place: place[0].start)
        message = f"{reader} reads itself, through {through}"
        return report(span, "ARC111", message, notes=[note], help=help, related=related)

    def _path(self, start: str, goal: str) -> list[str]:
        """The shortest way from `start` to `goal`, from each layer to what it reads; empty where there is none."""
        came_from: dict[str, str | None] = {start: None}
        waiting = deque([start])
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
        """By layer, what it names in `from`, else the layer before it."""
        layers = self._document.node("layers")
        found: dict[str, tuple[str, ...]] = {}
        before: tuple[str, ...] = ()
        for name, body in layers.entries.items() if isinstance(layers, MappingNode) else ():
            written = body.entries.get("from") if isinstance(body, MappingNode) else None
            found[name] = before if written is None else _names(written)
            before = (name,)
        return found


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
