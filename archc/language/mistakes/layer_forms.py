"""A layer in other forms than `{op: conv2d, filters: 8}`: its op alone, its op as the key of its fields, or a list.

The layer in the right form is read like any other, so that one run reports all mistakes in it.
"""

from __future__ import annotations

from archc.diagnostics.finding import Edit, Finding, replacement, report
from archc.language.defaults import Defaults, op_word
from archc.language.fields import template
from archc.language.mistakes.called_layers import as_layer
from archc.language.mistakes.edits import entry, inline
from archc.language.mistakes.listed_fields import joined, joined_items
from archc.language.mistakes.nested_layers import nested_layers
from archc.language.mistakes.op_words import meant
from archc.language.mistakes.usual import usual_values
from archc.language.mistakes.vocabulary import LIST_OPS, absence, did_you_mean, nearest
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.ops import ops
from archc.source import Span

# Words that are compared with the ops: each takes long.
_MOST_COMPARED = 16


def right_layer(name: str, layers: MappingNode, defaults: Defaults) -> tuple[MappingNode | None, list[Finding]]:
    """A layer that is not a mapping with an op, in the right form, and the finding; None if its fields are missing."""
    body = layers.entries[name]
    if isinstance(body, SequenceNode):
        return _listed(name, body, layers)
    if isinstance(body, ScalarNode):
        word, key, inner, others = body.value, body, None, {}
    else:
        fields = [word for word, value in body.entries.items() if _are_fields(value)]
        words = [word for word in fields[:_MOST_COMPARED] if _is_op(word)]
        if not words and (nested := nested_layers(name, body, layers.keys[name])):
            return None, [nested]
        if len(words) != 1:
            return body, []
        word, key, inner = words[0], body.keys[words[0]], body.entries[words[0]]
        others = {field: node for field, node in body.entries.items() if field != word}
    if not isinstance(word, str) or not _is_op(word):
        return None, [_not_a_layer(name, body)]
    fields = {**others, **(inner.entries if isinstance(inner, MappingNode) else {})}
    if not fields:
        return _bare(name, word, body, defaults)
    whole = _with_op(ScalarNode(word, key.span), fields, body)
    fix = _edits(body, word, inner, whole) if len(fields) == len(others) + _count(inner) else ()
    help = f"write `{inline(whole)}`"
    return whole, [report(key.span, "ARC103", f"{name} needs `op`", help=help, fix=fix)]


def _is_op(word: str) -> bool:
    return word in ops() or meant(word) is not None


def _are_fields(node: YamlNode) -> bool:
    """Whether a value can be the fields of a layer without its op: a mapping, or nothing."""
    is_nothing = isinstance(node, ScalarNode) and node.value is None
    return is_nothing or (isinstance(node, MappingNode) and op_word(node) is None and "op" not in node.entries)


def _count(inner: YamlNode | None) -> int:
    return len(inner.entries) if isinstance(inner, MappingNode) else 0


def _message(name: str) -> str:
    return f"the layer {name} must be a mapping with `op`"


def _with_op(op: ScalarNode, fields: dict[str, YamlNode], body: YamlNode) -> MappingNode:
    keys: dict[str, ScalarNode] = {}
    for part in (body, *(body.entries.values() if isinstance(body, MappingNode) else ())):
        keys |= part.keys if isinstance(part, MappingNode) else {}
    shown = {field: keys.get(field, ScalarNode(field, node.span)) for field, node in fields.items()}
    return MappingNode({"op": op, **fields}, {"op": ScalarNode("op", op.span), **shown}, body.span)


def _bare(
    name: str, word: str, body: ScalarNode | MappingNode, defaults: Defaults
) -> tuple[MappingNode | None, list[Finding]]:
    """A layer of which only the op is written: with what the op requires, if that is known."""
    op = word if word in ops() else meant(word) or word
    given = (*(defaults.of[op].entries if op in defaults.of else ()), *defaults.misread.get(op, ()))
    values = usual_values(ops()[op], word, {})
    text = template(ops()[op], given=[field for field in given if field != "op"], values=values)
    fix = replacement(body.span, text) if "…" not in text else ()
    found = report(body.span, "ARC104", _message(name), help=f"write `{text}`", fix=fix)
    return _with_op(ScalarNode(op, body.span), {}, body) if fix and not values else None, [found]


def _not_a_layer(name: str, body: ScalarNode | MappingNode) -> Finding:
    word = body.value if isinstance(body, ScalarNode) and isinstance(body.value, str) else None
    to_write = f"write `{{op: …}}` with the name of an op; {LIST_OPS}"
    if word and (layer := as_layer(word)):
        return report(body.span, "ARC104", _message(name), help=f"write `{name}: {layer}`")
    is_known = word is not None and (nearest(word, ops()) or absence(word))
    help = did_you_mean(word, ops(), what="ops") if word and is_known else to_write
    return report(body.span, "ARC104", _message(name), help=help)


def _listed(name: str, body: SequenceNode, layers: MappingNode) -> tuple[MappingNode | None, list[Finding]]:
    """A layer whose fields are a list: `[{op: conv2d}, {filters: 8}]` or `[conv2d, {filters: 8}]`."""
    block = joined_items(body.items)
    if block and op_word(block) is None and (nested := nested_layers(name, block, layers.keys[name])):
        return None, [nested]
    found: list[Finding] = []
    right = joined(name, layers, None, f"layers.{name}", found)
    if isinstance(right, MappingNode):
        return right, found
    first, *others = body.items or [body]
    fields = joined_items(others)
    if (
        isinstance(first, ScalarNode)
        and isinstance(first.value, str)
        and _is_op(first.value)
        and fields
        and _are_fields(fields)
    ):
        whole = _with_op(ScalarNode(first.value, first.span), fields.entries, fields)
        fix = replacement(body.span, inline(whole)) if entry(layers, name) else ()
        return whole, [report(body.span, "ARC104", _message(name), help=f"write `{inline(whole)}`", fix=fix)]
    several = sum(_is_layer(item) for item in body.items[:_MOST_COMPARED]) > 1
    help = "a layer has one op: give each of these a name, and write it as a layer of `layers`" if several else None
    return None, [report(body.span, "ARC104", _message(name), help=help)]


def _is_layer(item: YamlNode) -> bool:
    if isinstance(item, ScalarNode):
        return isinstance(item.value, str) and _is_op(item.value)
    return isinstance(item, MappingNode) and (op_word(item) is not None or any(map(_is_op, list(item.entries)[:1])))


def _edits(body: ScalarNode | MappingNode, word: str, inner: YamlNode | None, whole: MappingNode) -> tuple[Edit, ...]:
    """The edits that write an op that is a key as a field; none if more than that would change."""
    assert isinstance(body, MappingNode)
    source = body.span.source
    if "&" in source.text[body.span.start : body.span.end] or "*" in source.text[body.span.start : body.span.end]:
        return ()
    if source.text[body.span.start] == "{":
        return replacement(body.span, inline(whole)) if "#" not in source.text[body.span.start : body.span.end] else ()
    key = Edit(Span(source, body.keys[word].span.start, body.keys[word].span.end + 1), f"op: {word}")
    if (
        not isinstance(inner, MappingNode)
        or source.text[inner.span.start] == "{"
        or source.text[key.span.end - 1] != ":"
    ):
        return ()
    moved: list[Edit] = []
    for field, node in inner.entries.items():
        at = inner.keys[field].span
        indent = source.line(at.line)[: at.column - 1]
        if (
            indent.strip()
            or "\n" in source.text[at.start : node.span.end]
            or "\r" in source.text[at.start : node.span.end]
        ):
            return ()
        moved.append(Edit(Span(source, at.start - len(indent), at.start), " " * (body.keys[word].span.column - 1)))
    return (key, *moved)
