"""Prints a spec with blocks as the flat spec that it stands for, with a comment on where each layer comes from.

The names of a flat spec have no dots: they become names in emitted source. So `layer2.0.conv1` is `layer2_0_conv1`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archc.language.blocks.expanded import Expansion
from archc.language.blocks.forms import referred
from archc.language.comments import content_start
from archc.language.fields import LONGEST_NAME, NAME
from archc.language.layout.canonical import canonical
from archc.language.layout.spelling import spelled
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.wording import joined


def flat_text(expansion: Expansion, name: str, placed: Mapping[str, str]) -> bytes:
    """The flat spec in the canonical layout. The spec has no errors, and places the layers `placed` itself."""
    root = expansion.root
    layers = root.entries["layers"]
    assert isinstance(layers, MappingNode)
    names = flat_names(expansion)
    lines: list[str] = []
    for section, node in root.entries.items():
        if section != "layers":
            lines.append(f"{section}: {_section(section, node, names, placed)}")
            continue
        lines.append("layers:")
        lines += [f"  {line}" for path, body in layers.entries.items() for line in _layer(path, body, expansion, names)]
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
        return _flow(node, names)
    if not isinstance(node, MappingNode):
        return _flow(node, {})
    # The names of layers are keys under `parallel.layers` and values under `expect.exchanges`.
    parts = {
        key: f"{{{', '.join(f'{names[path]}: {choice}' for path, choice in placed.items())}}}"
        if section == "parallel" and key == "layers"
        else _flow(value, names if section == "expect" and key == "exchanges" else {})
        for key, value in node.entries.items()
    }
    return f"{{{', '.join(f'{_key(key)}: {text}' for key, text in parts.items())}}}"


def _layer(path: str, body: YamlNode, expansion: Expansion, names: Mapping[str, str]) -> Iterator[str]:
    if origin := _origin(path, body, expansion):
        yield f"# {origin}"
    entries = dict(body.entries) if isinstance(body, MappingNode) else {}
    expected = expansion.expected.get(path, [])
    if expected and "expect" not in entries:
        entries["expect"] = expected[0]
    fields = [f"{_key(key)}: {_flow(value, names if key == 'from' else {})}" for key, value in entries.items()]
    yield f"{names[path]}: {{{', '.join(fields)}}}"


def _origin(path: str, body: YamlNode, expansion: Expansion) -> str:
    """`conv1 of block basic, line 9; filters from line 20`, or nothing for a layer that is written as it is."""
    block, place = expansion.sites[path]
    written = expansion.bodies[path]
    if not block:
        return f"{path}, line {written.span.line}" if path != place or "." in path else ""
    part = f"item {place}" if place.replace(".", "").isdigit() else place
    origin = f"{path}: {part} of block {block}, line {written.span.line}"
    lines: dict[int, list[str]] = {}
    if isinstance(written, MappingNode) and isinstance(body, MappingNode):
        for field, node in written.entries.items():
            if any(_references(node)) and field in body.entries:
                value = body.entries[field] if referred(node) is not None else node
                lines.setdefault(value.span.line, []).append(field)
    values = [f"{joined(fields)} from line {line}" for line, fields in sorted(lines.items())]
    return "; ".join([origin, *values])


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


def _key(key: str) -> str:
    return spelled("", key, flow=True)


def _flow(node: YamlNode, names: Mapping[str, str]) -> str:
    """A node on one line, with the names of layers in it replaced."""
    match node:
        case ScalarNode():
            if isinstance(node.value, str):
                return spelled("", names.get(node.value, node.value), flow=True)
            # A number of an item in `from` is replaced by its path; all others are as they are written.
            return spelled(node.span.source.text[content_start(node.span) : node.span.end], node.value, flow=True)
        case SequenceNode():
            return f"[{', '.join(_flow(item, names) for item in node.items)}]"
        case MappingNode():
            return f"{{{', '.join(f'{_key(key)}: {_flow(value, names)}' for key, value in node.entries.items())}}}"
