"""What a block is, and how uses of blocks, numbered stages and references to values are recognised."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.source import Span

CALL = ("block", "repeat", "from", "expect")
"""The fields of every call; all others are arguments."""
INPUT = "input"
REFERENCE = re.compile(r"\$([A-Za-z][A-Za-z0-9_]*)\Z", re.ASCII)


@dataclass
class Block:
    """A definition. `takes` has the default of each name, or None if the name is required; `names` are their spans.

    `refused` are names in its `takes` that cannot be names there, which is reported.
    """

    name: str
    key: Span
    layers: MappingNode | SequenceNode
    takes: dict[str, YamlNode | None] = field(default_factory=dict[str, "YamlNode | None"])
    names: dict[str, Span] = field(default_factory=dict[str, Span])
    refused: set[str] = field(default_factory=set[str])


def is_call(body: YamlNode) -> bool:
    """Whether a layer uses a block."""
    return isinstance(body, MappingNode) and "block" in body.entries and "op" not in body.entries


def is_stage(body: YamlNode) -> bool:
    """Whether a list is a numbered stage, and not the fields of a layer, or layers with names, as mistaken specs do."""
    if not isinstance(body, SequenceNode) or not body.items:
        return False
    mappings = [item for item in body.items if isinstance(item, MappingNode)]
    if any("name" in item.entries for item in mappings):
        return False
    if any(isinstance(item, SequenceNode) and is_stage(item) for item in body.items) or any(map(is_call, mappings)):
        return True
    ops = sum("op" in item.entries for item in mappings)
    return ops > 1 or ops == len(body.items)


def references(node: YamlNode) -> Iterator[ScalarNode]:
    """The scalars in a node with a `$`."""
    match node:
        case ScalarNode():
            if type(node.value) is str and "$" in node.value:
                yield node
        case SequenceNode():
            for item in node.items:
                yield from references(item)
        case MappingNode():
            for value in node.entries.values():
                yield from references(value)


def keys(node: YamlNode) -> Iterator[ScalarNode]:
    """The keys in a node with a `$`, which is only for values."""
    if isinstance(node, SequenceNode):
        for item in node.items:
            yield from keys(item)
    elif isinstance(node, MappingNode):
        yield from (key for key in node.keys.values() if str(key.value).startswith("$"))
        for value in node.entries.values():
            yield from keys(value)


def referred(node: YamlNode) -> str | None:
    """The name behind the `$` of a reference; None for any other node."""
    match = REFERENCE.match(node.value) if isinstance(node, ScalarNode) and type(node.value) is str else None
    return match[1] if match else None


def item_span(item: YamlNode) -> Span:
    """Where an item of a stage is reported, which has no name: its op or its block."""
    if isinstance(item, MappingNode) and item.entries:
        node = item.entries.get("op") or item.entries.get("block") or next(iter(item.keys.values()))
        return node.span
    return Span(item.span.source, item.span.start, min(item.span.start + 1, item.span.end))


def children(layers: YamlNode, path: str) -> Iterator[tuple[str, YamlNode, Span]]:
    """The place, the body and the key of each layer in a mapping or a stage."""
    before = f"{path}." if path else ""
    if isinstance(layers, MappingNode):
        for name, body in layers.entries.items():
            yield f"{before}{name}", body, layers.keys[name].span
    elif isinstance(layers, SequenceNode):
        for number, item in enumerate(layers.items):
            yield f"{before}{number}", item, item_span(item)
