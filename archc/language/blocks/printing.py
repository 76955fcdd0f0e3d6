"""Prints a spec with blocks as the flat spec that it stands for, with a comment on where each layer comes from.

The names of a flat spec have no dots: they become names in emitted source. So `layer2.0.conv1` is `layer2_0_conv1`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from archc.language.blocks.expanded import Expansion
from archc.language.blocks.forms import referred
from archc.language.comments import content_start
from archc.language.fields import LONGEST_NAME, NAME
from archc.language.layout.canonical import canonical
from archc.language.layout.spelling import spelled
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.source import Span
from archc.wording import joined


class Origins(Protocol):
    """Where values come from, in the words of a comment."""

    def where(self, span: Span) -> str:
        """The line of a value, with its file if there are several."""
        ...

    def changed(self, node: YamlNode, *, whole: bool = True) -> str:
        """What in a node a variant changes; nothing in a spec that follows from no other."""
        ...

    def head(self) -> Iterator[str]:
        """The comments at the top."""
        ...


class OneFile:
    """The origins of a spec that follows from no other."""

    def where(self, span: Span) -> str:
        return f"line {span.line}"

    def changed(self, node: YamlNode, *, whole: bool = True) -> str:
        return ""

    def head(self) -> Iterator[str]:
        yield from ()


def flat_text(expansion: Expansion, name: str, placed: Mapping[str, str], origins: Origins) -> bytes:
    """The flat spec in the canonical layout. The spec has no errors, and places the layers `placed` itself."""
    root = expansion.root
    layers = root.entries["layers"]
    assert isinstance(layers, MappingNode)
    names = flat_names(expansion)
    lines = [*origins.head()]
    for section, node in root.entries.items():
        if section != "layers":
            lines += [f"# {section}: {origin}"] if (origin := origins.changed(node, whole=False)) else []
            lines.append(f"{section}: {_section(section, node, names, placed)}")
            continue
        lines.append("layers:")
        for path, body in layers.entries.items():
            lines += [f"  {line}" for line in _layer(path, body, expansion, names, origins)]
    text, findings = canonical(("\n".join(lines) + "\n").encode(), name)
    assert text is not None, findings
    return text


def flat_names(expansion: Expansion) -> dict[str, str]:
    """A name for each path, in the order of the layers. A name without a dot stays as it is."""
    layers, inputs = expansion.root.entries["layers"], expansion.root.entries["input"]
    assert isinstance(layers, MappingNode)
    taken = inputs.entries if isinstance(inputs, MappingNode) else {}
    names = {path: path for path in layers.entries if NAME.match(path)}
    used = {*names, *taken}
    for path in layers.entries:
        if path in names:
            continue
        stem = path.replace(".", "_")
        stem = (stem if NAME.match(stem[:LONGEST_NAME]) else f"layer_{stem}")[:LONGEST_NAME]
        name, number = stem, 2
        while name in used:
            name = f"{stem[: LONGEST_NAME - len(str(number)) - 1]}_{number}"
            number += 1
        names[path] = name
        used.add(name)
    return names


def _section(section: str, node: YamlNode, names: Mapping[str, str], placed: Mapping[str, str]) -> str:
    if section == "outputs":
        return flow(node, names)
    if not isinstance(node, MappingNode):
        return flow(node, {})
    # The names of layers are keys under `parallel.layers` and values under `expect.exchanges`.
    parts = {
        key: f"{{{', '.join(f'{names[path]}: {choice}' for path, choice in placed.items())}}}"
        if section == "parallel" and key == "layers"
        else flow(value, names if section == "expect" and key == "exchanges" else {})
        for key, value in node.entries.items()
    }
    return f"{{{', '.join(f'{flow_key(key)}: {text}' for key, text in parts.items())}}}"


def _layer(
    path: str, body: YamlNode, expansion: Expansion, names: Mapping[str, str], origins: Origins
) -> Iterator[str]:
    if origin := _origin(path, body, expansion, origins):
        yield f"# {origin}"
    entries = dict(body.entries) if isinstance(body, MappingNode) else {}
    expected = expansion.expected.get(path, [])
    if expected and "expect" not in entries:
        entries["expect"] = expected[0]
    fields = [f"{flow_key(key)}: {flow(value, names if key == 'from' else {})}" for key, value in entries.items()]
    yield f"{names[path]}: {{{', '.join(fields)}}}"


def _origin(path: str, body: YamlNode, expansion: Expansion, origins: Origins) -> str:
    """`conv1 of block basic, line 9; filters from line 20`, or nothing for a layer that is written as it is."""
    block, place = expansion.sites[path]
    written = expansion.bodies[path]
    if not block:
        if path != place or "." in path:
            return f"{path}, {origins.where(written.span)}"
        changed = origins.changed(body)
        return f"{path}: {changed}" if changed else ""
    part = f"item {place}" if place.replace(".", "").isdigit() else place
    origin = f"{path}: {part} of block {block}, {origins.where(written.span)}"
    places: dict[tuple[int, str], list[str]] = {}
    if isinstance(written, MappingNode) and isinstance(body, MappingNode):
        for field, node in written.entries.items():
            if any(_references(node)) and field in body.entries:
                value = body.entries[field] if referred(node) is not None else node
                places.setdefault((value.span.line, origins.where(value.span)), []).append(field)
    values = [f"{joined(fields)} from {place}" for (_, place), fields in sorted(places.items())]
    return "; ".join(filter(None, [origin, *values, origins.changed(written, whole=False)]))


def _references(node: YamlNode) -> Iterator[YamlNode]:
    match node:
        case ScalarNode():
            if referred(node) is not None:
                yield node
        case SequenceNode():
            for item in node.items:
                yield from _references(item)
        case MappingNode():
            for value in node.entries.values():
                yield from _references(value)


def flow_key(key: str) -> str:
    """A key as it is written in a mapping on one line."""
    return spelled("", key, flow=True)


def flow(node: YamlNode, names: Mapping[str, str]) -> str:
    """A node on one line, with the names of layers in it replaced."""
    match node:
        case ScalarNode():
            if isinstance(node.value, str):
                return spelled("", names.get(node.value, node.value), flow=True)
            # A number of an item in `from` is replaced by its path; all others are as they are written.
            return spelled(node.span.source.text[content_start(node.span) : node.span.end], node.value, flow=True)
        case SequenceNode():
            return f"[{', '.join(flow(item, names) for item in node.items)}]"
        case MappingNode():
            return f"{{{', '.join(f'{flow_key(key)}: {flow(value, names)}' for key, value in node.entries.items())}}}"
