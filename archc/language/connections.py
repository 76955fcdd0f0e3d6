"""The names that a layer reads, as its `from` lists them, also where it is written in another way."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import islice
from typing import Any, NamedTuple

from archc.diagnostics.finding import Finding, replacement, report
from archc.language.fields import NAME
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.language.recipe_words import OF_SECTIONS
from archc.source import Span

_OTHER_WORDS = OF_SECTIONS["from"]
_SEPARATOR = re.compile(r"[,;+\s]+")
_POSITION = re.compile(r"-?[0-9]{1,9}\Z", re.ASCII)


class Connections(NamedTuple):
    """The names with their positions, or None if they cannot be read, and the findings on how they are written."""

    names: list[tuple[str, Span]] | None
    findings: list[Finding]


def from_node(body: MappingNode, fields: Collection[str]) -> YamlNode | None:
    """The value of `from`, or of another framework's word for it that is none of the op's `fields`."""
    if "from" in body.entries or body.entries.keys().isdisjoint(_OTHER_WORDS):
        return body.entries.get("from")
    words = [w for w in _OTHER_WORDS if w in body.entries and w not in fields]
    words = [w for w in words if not _is_size(body.entries[w]) and not _are_layers(body.entries[w])]
    return body.entries[words[0]] if len(words) == 1 else None


def _are_layers(node: YamlNode) -> bool:
    return isinstance(node, SequenceNode) and any(isinstance(item, (MappingNode, SequenceNode)) for item in node.items)


def _is_size(node: YamlNode) -> bool:
    """Whether a value is a number that is not a position before the layer, such as that of `input: 784`."""
    return isinstance(node, ScalarNode) and not isinstance(node.value, str) and not str(node.value).startswith("-")


def connections(node: YamlNode, known: dict[str, Any], *, inputs: int = 1, before: str | None = None) -> Connections:
    """The names in a `from`.

    `known` are those that the layer can read, in order: the `inputs` first, the one just before it last. A layer that
    names one other layer reads the one `before` it too, where that is given.
    """
    items = node.items if isinstance(node, SequenceNode) else [node]
    scalars = [item for item in items if isinstance(item, ScalarNode)]
    parts = [(part, item) for item in scalars for part in _parts(item, known)]
    if not items or len(scalars) < len(items) or not all(type(part) in (int, str) for part, _ in parts):
        return _unreadable(node)
    reads_before = before if len(parts) == 1 else None
    if reads_before is None and all(part == item.value for part, item in parts) and _are_names(parts):
        return Connections([(str(part), item.span) for part, item in parts], [])
    names = [_name_at(part, known, inputs) if isinstance(part, int) else part for part, _ in parts]
    found = [name for name in names if name is not None]
    if len(found) < len(names):
        at = next(part for (part, _), name in zip(parts, names, strict=True) if name is None)
        message = f"`from` takes names, not positions: no layer is at {at}"
        return Connections(None, [report(node.span, "ARC104", message)])
    places = [(name, item.span) for name, (_, item) in zip(found, parts, strict=True)]
    if reads_before in (None, *found):
        return Connections(places, [_in_other_form(node, parts, found)])
    (last, at), right = places[0], f"[{reads_before}, {found[0]}]"
    message = f"`from` lists all inputs: {reads_before}, the layer before it, as well as {last}"
    told = report(at, "ARC104", message, help=f"write `from: {right}`", fix=replacement(node.span, right))
    return Connections([(str(reads_before), at), *places], [told])


def position_names(positions: list[int], known: Collection[str], inputs: int = 1) -> list[str] | None:
    """The names at positions, of which one counts back from the layer, as in darknet; None if one is of no layer."""
    found = [_name_at(position, known, inputs) for position in positions]
    names = [name for name in found if name is not None]
    return names if len(names) == len(found) and min(positions) < 0 else None


def _name_at(position: int, known: Collection[str], inputs: int) -> str | None:
    """The name at a position: back from the layer if it is negative, or else of all layers, the first being 0."""
    if position < 0:
        return next(islice(reversed([*known]), -position - 1, None), None)
    return next(islice(known, inputs + position, None), None)


def _are_names(parts: list[tuple[Any, ScalarNode]]) -> bool:
    return all(isinstance(part, str) for part, _ in parts)


def _in_other_form(node: YamlNode, parts: list[tuple[Any, ScalarNode]], names: list[str]) -> Finding:
    """The finding for names in one string, such as `c1 image`, or for positions."""
    is_one = len(names) == 1
    right = names[0] if is_one and not isinstance(node, SequenceNode) else f"[{', '.join(names)}]"
    first = next(item for part, item in parts if part != item.value or isinstance(part, int))
    positions = [(part, name) for (part, _), name in zip(parts, names, strict=True) if isinstance(part, int)]
    # Only a list with a position that counts back is certain to list positions.
    is_certain = not positions or min(part for part, _ in positions) < 0
    help = f"write `from: {right}`" if is_certain else f"did you mean `from: {right}`?"
    if positions:
        shown = ", ".join(f"{part} is {name}" for part, name in positions)
        message = f"`from` takes names, not positions: {shown}"
    else:
        message = f'`from` must be the name of a layer, or a list of names, got the string "{str(first.value)[:64]}"'
    edits = [replacement(item.span, name) for (_, item), name in zip(parts, names, strict=True)]
    is_split = len({id(item) for _, item in parts}) < len(parts)
    # The brackets of a list are part of it, so that the new ones take their place.
    fix = replacement(node.span, right) if is_split or not positions else tuple(edit for each in edits for edit in each)
    return report(first.span, "ARC104", message, help=help, fix=fix if is_certain else ())


def _parts(item: ScalarNode, known: Collection[str]) -> list[Any]:
    """The names and positions in an item of a `from`: several in a string such as `c1 image` or `-1, 8`."""
    text = item.value
    if not isinstance(text, str) or text in known:
        return [text]
    words = [word for word in _SEPARATOR.split(text.strip("()[] ")) if word]
    found: list[Any] = [int(word) if _POSITION.match(word) else word for word in words]
    is_list = any(isinstance(part, int) or part in known for part in found)
    return found if is_list and all(isinstance(part, int) or NAME.match(part) for part in found) else [text]


def _unreadable(node: YamlNode) -> Connections:
    message = "`from` must be the name of a layer, or a list of names"
    return Connections(None, [report(node.span, "ARC104", message)])
