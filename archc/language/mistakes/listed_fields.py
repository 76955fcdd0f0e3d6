"""Fields that are written as a list, such as `[{batch: 128}, {epochs: 90}]` or `[sgd, {lr: 0.1}]`, as a mapping.

The right mapping is validated like any other.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from pydantic import BaseModel

from archc.diagnostics.finding import Edit, Finding, replacement, report
from archc.language.fields import field_names, model_at
from archc.language.mistakes.edits import entry, inline
from archc.language.mistakes.vocabulary import certain
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.source import Span

_DASH = re.compile(r"[ ]*-[ ]+\Z")
_LONGEST = 120


def joined_sections(
    spec: type[BaseModel], root: MappingNode, others: Collection[str]
) -> tuple[MappingNode, list[Finding]]:
    """The spec with its sections as mappings, and a finding for each list. `others` have no model of their own."""
    found: list[Finding] = []
    entries = dict(root.entries)
    for section in entries:
        model = model_at(spec, [section])
        if model or section in others:
            entries[section] = _inner(joined(section, root, model, section, found), model, section, found)
    return root._replace(entries=entries), found


def _inner(node: YamlNode, model: type[BaseModel] | None, path: str, found: list[Finding]) -> YamlNode:
    """A section with the sections inside it as mappings."""
    if not isinstance(node, MappingNode):
        return node
    entries = dict(node.entries)
    for name in entries:
        if inside := model_at(model, [name]):
            entries[name] = _inner(joined(name, node, inside, f"{path}.{name}", found), inside, f"{path}.{name}", found)
    return node._replace(entries=entries)


def joined(name: str, parent: MappingNode, model: type[BaseModel] | None, path: str, found: list[Finding]) -> YamlNode:
    """The value of a field as a mapping, and the finding if it is a list of fields; else the value as it is."""
    node = parent.entries[name]
    right = _as_mapping(node, model) if isinstance(node, SequenceNode) else None
    if right is None or not isinstance(node, SequenceNode):
        return node
    text = inline(right)
    shown = text if len(text) <= _LONGEST else f"{text[: text.rfind(',', 0, _LONGEST)]}, …}}"
    fix = (_undashed(node) or replacement(node.span, text)) if entry(parent, name) or _is_block(node) else ()
    message = f"`{path[:64]}` must be a mapping, got a list"
    found.append(report(node.span, "ARC104", message, help=f"write `{name[:64]}: {shown}`", fix=fix))
    return right


def _as_mapping(node: SequenceNode, model: type[BaseModel] | None) -> MappingNode | None:
    """The mapping that a list of mappings must mean, behind the name of a section or not; None if it means none."""
    first, *others = node.items or [node]
    key = first.value if isinstance(first, ScalarNode) else None
    section = certain(key, field_names(model)) if isinstance(key, str) else None
    items = others if section and model_at(model, [section]) else node.items
    whole = joined_items(items)
    if whole is None or section is None or items is node.items:
        return whole
    return MappingNode({section: whole}, {section: ScalarNode(section, first.span)}, node.span)


def joined_items(items: list[YamlNode]) -> MappingNode | None:
    """The mapping with the entries of all items; None if one is not a mapping, or two have the same key."""
    bodies = [item for item in items if isinstance(item, MappingNode)]
    entries = {word: value for body in bodies for word, value in body.entries.items()}
    if not bodies or len(bodies) < len(items) or len(entries) < sum(len(body.entries) for body in bodies):
        return None
    keys = {word: at for body in bodies for word, at in body.keys.items()}
    return MappingNode(entries, keys, items[0].span)


def _is_block(node: SequenceNode) -> bool:
    return node.span.source.text[node.span.start : node.span.start + 1] == "-"


def _undashed(node: SequenceNode) -> tuple[Edit, ...]:
    """The edits that replace the dash of each item by a space; none if that would not be a mapping."""
    edits: list[Edit] = []
    for item in node.items:
        span = item.span
        before = span.source.line(span.line)[: span.column - 1]
        opens = span.source.text[span.start : span.start + 1]
        if not _DASH.match(before) or opens in "{&" or span.column != node.items[0].span.column:
            return ()
        at = span.start - len(before) + before.index("-")
        edits.append(Edit(Span(span.source, at, at + 1), " "))
    return tuple(edits)
