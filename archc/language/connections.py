"""The names that a layer reads, as its `from` lists them, also where it is written in another way."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import islice
from typing import Any, NamedTuple

from archc.diagnostics.finding import Finding, replacement, report
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.language.recipe_words import OF_SECTIONS
from archc.source import Span

_OTHER_WORDS = OF_SECTIONS["from"]
_SEPARATOR = re.compile(r"[,;+\s]+")


class Connections(NamedTuple):
    """The names with their positions, or None if they cannot be read, and the findings on how they are written."""

    names: list[tuple[str, Span]] | None
    findings: list[Finding]


def from_node(body: MappingNode, fields: Collection[str]) -> YamlNode | None:
    """The value of `from`, or of another framework's word for it that is none of the op's `fields`."""
    if "from" in body.entries or body.entries.keys().isdisjoint(_OTHER_WORDS):
        return body.entries.get("from")
    words = [w for w in _OTHER_WORDS if w in body.entries and w not in fields and not _is_size(body.entries[w])]
    return body.entries[words[0]] if len(words) == 1 else None


def _is_size(node: YamlNode) -> bool:
    """Whether a value is a number that is not a position before the layer, such as that of `input: 784`."""
    return isinstance(node, ScalarNode) and not isinstance(node.value, str) and not str(node.value).startswith("-")


def connections(node: YamlNode, known: dict[str, Any]) -> Connections:
    """The names in a `from`. `known` are those that the layer can read, in order, the one just before it last."""
    items = node.items if isinstance(node, SequenceNode) else [node]
    scalars = [item for item in items if isinstance(item, ScalarNode)]
    if not items or len(scalars) < len(items):
        return _unreadable(node)
    if several := _several(node, scalars, known):
        return several
    written = "%s" if isinstance(node, SequenceNode) else "from: %s"
    names: list[tuple[str, Span]] = []
    findings: list[Finding] = []
    for item in scalars:
        if isinstance(item.value, str):
            names.append((item.value, item.span))
        elif type(item.value) is int and -len(known) <= item.value < 0:
            name = next(islice(reversed(known), -item.value - 1, None))
            message = f"`from` takes names, not positions: {item.value} is {name}"
            fix = replacement(item.span, name)
            findings.append(report(item.span, "ARC104", message, help=f"write `{written % name}`", fix=fix))
            names.append((name, item.span))
        else:
            return _unreadable(node)
    return Connections(names, findings)


def _several(node: YamlNode, items: list[ScalarNode], known: Collection[str]) -> Connections | None:
    """Several names in one string, such as `c1 image`, that is all of `node` or one of its items."""
    names = [(name, item.span) for item in items for name in _names_in(item, known)]
    joined = next((item for item in items if len(_names_in(item, known)) > 1), None)
    if joined is None or not all(name in known for name, _ in names):
        return None
    right = f"[{', '.join(name for name, _ in names)}]"
    message = f'`from` must be the name of a layer, or a list of names, got the string "{str(joined.value)[:64]}"'
    # The brackets of a list are part of it, so that the new ones take their place.
    fix = replacement(node.span, right)
    return Connections(names, [report(joined.span, "ARC104", message, help=f"write `from: {right}`", fix=fix)])


def _names_in(item: ScalarNode, known: Collection[str]) -> list[str]:
    text = str(item.value)
    if not isinstance(item.value, str) or text in known:
        return [text]
    return [name for name in _SEPARATOR.split(text.strip("()[] ")) if name]


def _unreadable(node: YamlNode) -> Connections:
    message = "`from` must be the name of a layer, or a list of names"
    return Connections(None, [report(node.span, "ARC104", message)])
