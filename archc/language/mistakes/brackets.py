"""Lists without their brackets: in braces, `from: c1, image` is a field `from` and a field `image` without a value."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from pydantic import BaseModel

from archc.diagnostics.finding import Finding, replacement, report
from archc.language.connections import position_names
from archc.language.fields import NAME, field_names
from archc.language.mistakes.called_layers import NUMBER, positional
from archc.language.mistakes.unknown_fields import is_needless
from archc.language.mistakes.vocabulary import nearest
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode, is_bare
from archc.language.recipe_words import OF_SECTIONS
from archc.ops.op import Op, name_of
from archc.source import Span
from archc.wording import listed

_FROM = ("from", *OF_SECTIONS["from"])
_NUMBER = re.compile(r"-?[0-9]{1,9}\Z", re.ASCII)
_THOUSANDS = re.compile(r"[0-9]{3}\Z", re.ASCII)
_AROUND = "()[] "


def gathered(
    body: MappingNode,
    what: str,
    model: type[BaseModel] | None,
    names: Collection[str],
    *,
    heads: Collection[str] | None = None,
) -> tuple[MappingNode | None, list[Finding]]:
    """A mapping with its lists in brackets again, and a finding for each; None if values in it have no names.

    `model` is the class of its fields, if it is known, and `names` are those that a layer can read. With `heads`, only
    lists of these fields.
    """
    entries, keys, findings = dict(body.entries), dict(body.keys), list[Finding]()
    head: str | None = None
    tail: list[ScalarNode] = []
    # A value that a list has twice is read as a repeated key.
    written = sorted((*body.keys.values(), *body.repeated), key=lambda key: key.span.start)
    for key in [*written, None]:
        if key is not None and (key in body.repeated or is_bare(body.entries[str(key.value)])):
            tail.append(key)
            continue
        words = [str(each.value) for each in tail]
        is_asked = head is not None and (heads is None or head in heads)
        if head is not None and is_asked and tail and (text := _meant(head, words, body, model, names)):
            span = Span(body.span.source, body.entries[head].span.start, tail[-1].span.end)
            lost = Span(body.span.source, tail[0].span.start, tail[-1].span.end)
            findings.append(_finding(head, _own(head, model), words[0], text, (span, lost), what))
            entries[head] = _node(text, span)
            for word in words:
                entries.pop(word, None)
                keys.pop(word, None)
        elif tail and head and model and issubclass(model, Op) and (help := _named(head, words, model, body, names)):
            return None, [*findings, _unnamed(tail, help, what)]
        head, tail = None if key is None else str(key.value), []
    return MappingNode(entries, keys, body.span), findings


def before_expansion(layer: MappingNode, path: str, op: type[Op] | None, names: Collection[str]) -> list[Finding]:
    """The findings on lists without brackets that the expansion of blocks reads: of names, and all lists of a call."""
    is_call = "block" in layer.entries
    body, findings = gathered(layer, path, op, names, heads=None if is_call else _FROM)
    return findings if is_call or body is not None else []


def unrepeated(findings: list[Finding], told: list[Finding]) -> list[Finding]:
    """The findings, without those on repeated keys that are values of a list, which is told already."""
    spans = [finding.span for finding in told]
    return [f for f in findings if f.code != "ARC005" or not any(s.start <= f.span.start < s.end for s in spans)]


def _own(head: str, model: type[BaseModel] | None) -> str:
    """archc's name of a field."""
    return "from" if head in _FROM else nearest(head, [*field_names(model), "expect"]) or head


def _meant(
    head: str, tail: list[str], body: MappingNode, model: type[BaseModel] | None, names: Collection[str]
) -> str | None:
    """The value that the field `head` must have, with what is read as fields behind it; None if there is none."""
    node = body.entries[head]
    if not isinstance(node, ScalarNode) or isinstance(node.value, bool | None):
        return None
    parts = [part.strip(_AROUND) for part in (str(node.value), *tail)]
    kinds = _kinds(model, head)
    # -1 is no length: a value that is no list has none.
    longest = max((kind.get("maxItems", len(parts)) for kind in kinds.values() if kind["type"] == "array"), default=-1)
    # The values of a call can be those of any field.
    is_bracketed = model is None and str(node.value).startswith("(") and tail[-1].endswith(")")
    is_list = head in (*_FROM, "expect") or longest >= len(parts) or is_bracketed
    if not all(map(_NUMBER.match, parts)):
        return f"[{', '.join(parts)}]" if is_list and _are_read(head, parts, model, names) else None
    if head in _FROM and (found := position_names([int(part) for part in parts], names)):
        return f"[{', '.join(found)}]"
    is_thousands = all(map(_THOUSANDS.match, tail)) and parts[0] != "0" and len(parts[0]) <= 3
    if is_list and head not in _FROM and not (is_thousands and any(part.startswith("0") for part in tail)):
        return f"[{', '.join(parts)}]"
    if "number" in kinds and len(tail) == 1:
        return ".".join(parts)
    return "".join(parts) if is_thousands and type(node.value) is int else None


def _are_read(head: str, parts: list[str], model: type[BaseModel] | None, names: Collection[str]) -> bool:
    """Whether parts are what a layer reads: names, of which some may be unknown where it reads several."""
    if all(part in names for part in parts):
        return True
    reads_several = head in _FROM and model is not None and issubclass(model, Op) and model.arity[1] is None
    others = [part for part in parts if part not in names]
    is_word = any(nearest(part, field_names(model)) or is_needless(part, model) for part in others if model)
    return reads_several and parts[0] in names and all(map(NAME.match, others)) and not is_word


def _kinds(model: type[BaseModel] | None, field: str) -> dict[str, dict[str, Any]]:
    """The kinds of values that a field takes, as its JSON Schema describes them."""
    schema: dict[str, Any] = model.model_json_schema() if model else {}
    kinds = schema.get("properties", {}).get(_own(field, model), {})
    return {kind["type"]: kind for kind in [kinds, *kinds.get("anyOf", [])] if "type" in kind}


def _finding(head: str, own: str, word: str, text: str, spans: tuple[Span, Span], what: str) -> Finding:
    """The finding for the value at the first span, of which the second one is read as fields."""
    value, lost = spans
    message = f"unknown field `{word[:64]}` in {what}"
    note = f"a comma ends the value of `{head}`, so that `{word[:64]}` is read as a field without a value"
    # Of different numbers without parentheses, the second one may be another field's value.
    is_list = own == "from" or not text.startswith("[") or value.source.text[value.start] == "("
    is_certain = is_list or len(set(text.strip("[]").split(", "))) == 1
    # What is expected is never changed by a fix.
    fix = replacement(value, text) if is_certain and "expect" not in (own, what) else ()
    help = f"write `{own}: {text}`" if is_certain or "expect" in (own, what) else f"did you mean `{own}: {text}`?"
    return report(lost, "ARC101", message, notes=[note], help=help, fix=fix)


def _named(head: str, words: list[str], model: type[Op], body: MappingNode, names: Collection[str]) -> str | None:
    """The help for values without the names of their fields: numbers, or layers behind the op."""
    if all(map(NUMBER.match, words)):
        fields = positional(model, words, body.entries)
        if fields is None:
            order = [*model.leading, *(name for name in field_names(model) if name not in ("op", *model.leading))]
            free = [f"`{name}`" for name in order if name not in body.entries]
            nothing = f"delete it: {name_of(model)} has no fields besides op, from, expect"
            return f"name each value: {listed(free)}" if free else nothing
        return f"write `{', '.join(f'{field}: {value}' for field, value in fields.items())}`"
    if _own(head, model) == "op" and all(word in names for word in words) and body.entries.keys().isdisjoint(_FROM):
        right = words[0] if len(words) == 1 else f"[{', '.join(words)}]"
        return f"write `from: {right}`"
    return None


def _unnamed(tail: list[ScalarNode], help: str, what: str) -> Finding:
    """The finding for values without the names of their fields."""
    lost = Span(tail[0].span.source, tail[0].span.start, tail[-1].span.end)
    message = f"expected a field in {what}, got the value `{str(tail[0].value)[:64]}`"
    return report(lost, "ARC101", message, notes=["a value needs the name of its field before it"], help=help)


def _node(text: str, span: Span) -> YamlNode:
    """A number, or a list of numbers or names, all at one place."""
    parts = [part.strip() for part in text.strip("[]").split(",")]
    items = [ScalarNode(_value(part), span) for part in parts]
    return SequenceNode(list(items), span) if text.startswith("[") else items[0]


def _value(part: str) -> int | float | str:
    if _NUMBER.match(part):
        return int(part)
    return float(part) if re.fullmatch(r"[0-9]+\.[0-9]+", part, re.ASCII) else part
