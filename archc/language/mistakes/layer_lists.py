"""Layers that are written as a list: the same layers by name, with the finding, and the edits where they are exact."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from archc.diagnostics.finding import Edit, Finding, report
from archc.language.mistakes.edits import deletion, entry, inline
from archc.language.mistakes.vocabulary import certain, synonyms
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.ops import ops
from archc.source import Span

_NAMED = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}\Z", re.ASCII)
_DASH = re.compile(r"(?P<indent>[ ]*)-[ ]+\Z")
_MOST_SHOWN = 4
_LONGEST = 60


class _Layer(NamedTuple):
    """An item of the list as a layer: its name, or None for one to be made up, its body, and its text in one line."""

    name: str | None
    op: str
    body: MappingNode
    text: str
    item: YamlNode


def named_layers(node: SequenceNode) -> tuple[MappingNode, Finding] | None:
    """The layers of a list by name, and the finding on the list; None if an item is no layer."""
    layers = [_layer(item) for item in node.items]
    if not layers or None in layers:
        return None
    found = [layer for layer in layers if layer is not None]
    names = _names(found)
    if len(set(names)) < len(names):
        return None
    entries: dict[str, YamlNode] = {name: layer.body for name, layer in zip(names, found, strict=True)}
    keys = {name: ScalarNode(name, _start(layer.item)) for name, layer in zip(names, found, strict=True)}
    shown = [f"{name}: {layer.text}" for name, layer in zip(names, found, strict=True)]
    more = ", …" if len(shown) > _MOST_SHOWN else ""
    help = f"give each layer a name: `layers: {{{', '.join(shown[:_MOST_SHOWN])}{more}}}`"
    edits = [_edits(name, layer) for name, layer in zip(names, found, strict=True)]
    fix = [edit for each in edits for edit in each] if all(edits) else []
    message = "`layers` must be a mapping, got a list"
    first = Span(node.span.source, node.span.start, _start(node.items[0]).end)
    return MappingNode(entries, keys, node.span), report(first, "ARC104", message, help=help, fix=fix)


def _start(item: YamlNode) -> Span:
    """The first line of an item."""
    text = item.span.source.text[item.span.start : item.span.end]
    return Span(item.span.source, item.span.start, item.span.start + len(re.split(r"[\r\n]", text)[0]))


def _layer(item: YamlNode) -> _Layer | None:
    """A layer from `relu`, `{name: relu1, op: relu}`, `{conv1: {op: conv2d}}` or `{Conv2D: {filters: 8}}`."""
    if isinstance(item, ScalarNode) and isinstance(item.value, str) and _is_op(item.value):
        op = ScalarNode(item.value, item.span)
        return _Layer(None, item.value, MappingNode({"op": op}, {"op": op}, item.span), f"{{op: {item.value}}}", item)
    if not isinstance(item, MappingNode):
        return None
    if len(item.entries) == 1 and not synonyms(next(iter(item.entries)), ["op"]):
        ((word, body),) = item.entries.items()
        if isinstance(body, MappingNode) and not _is_op(word):
            return _Layer(word, "", body, _text(body), item)
        if not _is_op(word) or not (isinstance(body, MappingNode) or body == ScalarNode(None, body.span)):
            return None
        inner = body if isinstance(body, MappingNode) else MappingNode({}, {}, item.span)
        op = ScalarNode(word, item.keys[word].span)
        whole = MappingNode({"op": op, **inner.entries}, {"op": item.keys[word], **inner.keys}, item.span)
        return _Layer(None, word, whole, f"{{{', '.join([f'op: {word}', *_fields(inner)])}}}", item)
    word = next((key for key in item.entries if key == "op" or synonyms(key, ["op"])), None)
    node = item.entries[word] if word else None
    if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
        return None
    name = item.entries.get("name") or item.entries.get("id")
    named = name.value if isinstance(name, ScalarNode) and isinstance(name.value, str) else None
    entries = {key: value for key, value in item.entries.items() if key not in ("name", "id")}
    body = MappingNode(entries, {key: item.keys[key] for key in entries}, item.span)
    return _Layer(named, node.value, body, _text(body), item)


def _is_op(word: str) -> bool:
    return word in ops() or certain(word, ops()) is not None


def _names(layers: list[_Layer]) -> list[str]:
    """The names of the layers; a layer without one is called after its op and a number."""
    taken = {layer.name for layer in layers}
    counts: Counter[str] = Counter()
    names: list[str] = []
    for layer in layers:
        if layer.name is not None:
            names.append(layer.name)
            continue
        stem = certain(layer.op, ops()) or (layer.op.lower() if _NAMED.match(layer.op) else "layer")
        while True:
            counts[stem] += 1
            name = f"{stem}_{counts[stem]}"[:64]
            if name not in taken:
                break
        names.append(name)
    return names


def _fields(body: MappingNode) -> list[str]:
    return [f"{key}: {inline(node)}" for key, node in body.entries.items()]


def _text(body: MappingNode) -> str:
    """A layer in one line, shortened if it is long."""
    whole = f"{{{', '.join(_fields(body))}}}"
    return whole if len(whole) <= _LONGEST else f"{whole[: whole.rfind(',', 0, _LONGEST)]}, …}}"


def _edits(name: str, layer: _Layer) -> list[Edit]:
    """The edits that give an item its name in place of its dash; none if that would not be exact."""
    item = layer.item
    source, start = item.span.source, item.span.start
    before = source.line(item.span.line)[: item.span.column - 1]
    dash = _DASH.match(before)
    # At the left margin, the layers would become sections of the spec.
    if dash is None or not dash["indent"] or not _NAMED.match(name):
        return []
    at = start - len(before) + len(dash["indent"])
    key = Edit(Span(source, at, start), f"{name}: ")
    if isinstance(item, ScalarNode):
        return [key, Edit(item.span, layer.text)]
    assert isinstance(item, MappingNode)
    if not layer.op:
        return _unbraced(item, Edit(Span(source, at, next(iter(item.keys.values())).span.start), ""))
    if "op" not in item.entries and not any(synonyms(word, ["op"]) for word in item.entries):
        (inner,) = item.entries.values()
        opens = source.text[inner.span.start : inner.span.start + 1] == "{"
        begins = f"{name}: {{op: {layer.op}{', ' if isinstance(inner, MappingNode) and inner.entries else ''}"
        return _unbraced(item, Edit(Span(source, at, inner.span.start + 1), begins)) if opens else []
    word = next((word for word in ("name", "id") if word in item.entries), None)
    if source.text[start] == "{":
        removed = deletion(item, word) if word else ()
        return [key, *removed] if removed or layer.name is None else []
    return _block_edits(Edit(key.span, f"{name}:"), item, word)


def _unbraced(item: MappingNode, begins: Edit) -> list[Edit]:
    """The edit of an item with one entry, and the one that removes the brace behind that, if it is in braces."""
    source, (inner,) = item.span.source, item.entries.values()
    if source.text[item.span.start] != "{":
        return [begins]
    closing = Span(source, inner.span.end, item.span.end)
    return [begins, Edit(closing, "")] if source.text[closing.start : closing.end].strip() == "}" else []


def _block_edits(key: Edit, item: MappingNode, word: str | None) -> list[Edit]:
    """The edits for an item on several lines: its fields go below its name."""
    source, start = item.span.source, item.span.start
    if word is not None and next(iter(item.keys)) == word:
        whole = entry(item, word)
        return [Edit(Span(source, key.span.start, whole.end), key.text)] if whole and len(item.entries) > 1 else []
    removed = deletion(item, word) if word else ()
    line_break = re.search(r"\r\n|\r|\n", source.text)
    indent = " " * (item.span.column - 1)
    first = Edit(Span(source, key.span.start, start), f"{key.text}{line_break[0] if line_break else chr(10)}{indent}")
    return [first, *removed] if removed or word is None else []
