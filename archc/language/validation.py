"""Pydantic's errors as findings, each at the node that is at fault."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from archc.diagnostics.finding import MAX_FINDINGS, Edit, Finding, replacement, report, respelling
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.language.vocabulary import certain, did_you_mean, nearest
from archc.source import Span

_LONGEST_NAME = 64
NAME = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{_LONGEST_NAME - 1}}}\Z", re.ASCII)

_KINDS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "a string",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "list_type": "a list",
    "tuple_type": "a list",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "none_required": "nothing",
}
_RANGES = {
    "greater_than_equal": "it must be at least {ge}",
    "greater_than": "it must be more than {gt}",
    "less_than_equal": "it must be at most {le}",
    "less_than": "it must be less than {lt}",
    "too_short": "it must have at least {min_length} {entries}",
    "too_long": "it must have at most {max_length} {entries}",
    "string_too_long": "it must have at most {max_length} characters",
}
_WHOLE = "-?(0|[1-9][0-9]{0,17})"
_NUMBERS = {
    "int_type": _WHOLE,
    "size": _WHOLE,
    "padding": _WHOLE,
    "float_type": _WHOLE + r"(\.[0-9]{1,20})?(e[-+]?[0-9]{1,2})?",
}
"""Kinds of errors of fields that take numbers, and the spellings of a number that can only be read in one way."""

# In a mapping with more keys, renaming one is not tried: comparing each with all others takes quadratic time.
_MOST_SIBLINGS = 100
# The codes of errors whose code is not ARC105.
_CODES = {"crop": "ARC109"}


def not_a_name(word: str, span: Span) -> Finding:
    """The finding for a word that is used as a name and is not one."""
    if len(word) > _LONGEST_NAME:
        # A shortened name, so that the message cannot read like the help, which has the first 64 characters.
        message = f"`{word[:16]}…` has {len(word):,} characters; a name has at most {_LONGEST_NAME}"
    else:
        message = f"`{word}` is not a valid name" if word else "the empty string is not a valid name"
    note = f"a name is a letter, then letters, digits and `_`: ASCII, at most {_LONGEST_NAME} characters"
    letters = (c if c.isascii() and c.isalnum() else "_" for c in word[:_LONGEST_NAME])
    usable = "".join(letters).lstrip("_0123456789").rstrip("_")
    return report(
        span, "ARC106", message, notes=[note], help=f"use `{usable}`" if usable else "write a name, such as `relu1`"
    )


def renaming(word: str, span: Span, allowed: Iterable[str], siblings: Collection[str]) -> tuple[Edit, ...]:
    """The edit that gives a key the name that it must mean, unless a sibling has that name or means it too."""
    allowed = list(allowed)
    right = certain(word, allowed)
    if right is None or len(siblings) > _MOST_SIBLINGS:
        return ()
    meaning_it = [key for key in siblings if certain(key, allowed) == right]
    return respelling(span, right) if meaning_it == [word] else ()


def unknown_field(
    word: str,
    key: Span | None,
    owner: Span,
    what: str,
    allowed: Iterable[str],
    also: Iterable[str],
    siblings: Collection[str],
) -> Finding:
    """The finding for a field that `what` does not have; `also` are allowed words that the help lists last."""
    allowed, also = list(allowed), list(also)
    help = did_you_mean(word, allowed, what="fields", also=also)
    # A word that is near an allowed field is not renamed to one of the others.
    fix = renaming(word, key, allowed if nearest(word, allowed) else also, siblings) if key else ()
    return report(key or owner, "ARC101", f"unknown field `{word[:64]}` in {what}", help=help, fix=fix)


def explain(
    error: ValidationError,
    model: type[BaseModel],
    nodes: Mapping[str, YamlNode],
    keys: Mapping[str, ScalarNode],
    owner: Span,
    what: str,
    also: Iterable[str] = (),
    *,
    partial: bool = False,
    elsewhere: Iterable[str] = (),
) -> list[Finding]:
    """A finding for each error that pydantic found in a `model`.

    `nodes` and `keys` are where its fields were written, `owner` is where a missing field is reported, and `what` is
    what messages call the whole. `also` are words that the caller takes beside the model's fields: an unknown field
    may be a misspelling of those. With `partial`, fields may be missing; those `elsewhere` may be missing because
    another finding reports how they were written.
    """
    details = error.errors(include_url=False)[:MAX_FINDINGS]
    if partial:
        details = [detail for detail in details if detail["type"] != "missing" or len(detail["loc"]) > 1]
    # A required field that is misspelt is both unknown and missing: only the first is reported.
    misspelt = {((), name) for name in elsewhere} | {
        (detail["loc"][:-1], nearest(str(detail["loc"][-1]), _fields_at(model, detail["loc"][:-1])))
        for detail in details
        if detail["type"] == "extra_forbidden"
    }
    return [
        _finding(model, detail, nodes, keys, owner, what, also)
        for detail in details
        if detail["type"] != "missing" or (detail["loc"][:-1], detail["loc"][-1]) not in misspelt
    ]


def _fields_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    return field_names(model_at(model, [str(step) for step in loc]))


def _finding(
    model: type[BaseModel],
    detail: ErrorDetails,
    nodes: Mapping[str, YamlNode],
    keys: Mapping[str, ScalarNode],
    owner: Span,
    what: str,
    also: Iterable[str],
) -> Finding:
    node, key_span, path = _locate(detail["loc"], nodes, keys)
    field = ".".join(path)
    kind, context = detail["type"], detail.get("ctx", {})
    parent = model_at(model, path[:-1])
    inside = f"{what}'s `{'.'.join(path[:-1])}`" if len(path) > 1 else what
    match kind:
        case "extra_forbidden":
            own, others = field_names(parent), also if len(path) == 1 else ()
            return unknown_field(path[-1], key_span, owner, inside, own, others, _siblings(path, nodes))
        case "missing":
            help = _to_write(path[-1], _literals(parent, path[-1]))
            return report(_enclosing(path, nodes) or owner, "ARC103", f"{inside} needs `{path[-1]}`", help=help)
        case "literal_error":
            allowed = re.findall("'(.*?)'", context["expected"]) or re.split(", | or ", context["expected"])
            help = did_you_mean(str(detail["input"]), allowed, what="values")
            fix = respelling(node, certain(str(detail["input"]), allowed)) if node else ()
            return report(node or owner, "ARC105", f"`{field}` cannot be {_shown(detail['input'])}", help=help, fix=fix)
        case "name":
            # pydantic marks a key, not a value, by a last step of its own
            return not_a_name(str(detail["input"]), (key_span if detail["loc"][-1] == "[key]" else node) or owner)
        case _ if kind in _KINDS:
            message = f"`{field}` must be {_KINDS[kind]}, got {_shown(detail['input'])}"
            help, text = _as_meant(detail["input"], kind, model_at(model, path), path[-1])
            fix = replacement(node, text) if node and text else ()
            return report(node or owner, "ARC104", message, help=help, fix=fix)
        case _:
            rule = _range(kind, context) if kind in _RANGES else f"it {detail['msg']}"
            if kind == "value_error":  # from a validator of a distribution's op
                rule = str(context["error"])
            message = f"`{field}` is {_shown(detail['input'])}: {rule}" if field else f"{what}: {rule}"
            help, text = _without_quotes(detail["input"], kind)
            fix = replacement(node, text) if node and text else ()
            return report(node or owner, _CODES.get(kind, "ARC105"), message, help=help, fix=fix)


def _locate(
    loc: tuple[int | str, ...], nodes: Mapping[str, YamlNode], keys: Mapping[str, ScalarNode]
) -> tuple[Span | None, Span | None, list[str]]:
    """The spans of the value and of its key, and the path without the steps that pydantic adds for unions."""
    path: list[str] = []
    value: YamlNode | None = None
    key: Span | None = None
    mapping: Mapping[str, YamlNode] | None = nodes
    for step in loc:
        if step == "[key]":
            break
        if isinstance(value, SequenceNode):
            if isinstance(step, int) and step < len(value.items):
                value = value.items[step]
                path.append(str(step + 1))
            mapping = value.entries if isinstance(value, MappingNode) else None
            keys = value.keys if isinstance(value, MappingNode) else {}
            continue
        path.append(str(step))
        if mapping is None or str(step) not in mapping:
            return (value.span if value and not isinstance(value, MappingNode) else None), None, path
        value = mapping[str(step)]
        key = keys[str(step)].span if str(step) in keys else None
        mapping = value.entries if isinstance(value, MappingNode) else None
        keys = value.keys if isinstance(value, MappingNode) else {}
    return (value.span if value else None), key, path


def _enclosing(path: list[str], nodes: Mapping[str, YamlNode]) -> Span | None:
    """The span of the mapping in which the last step of the path is missing."""
    value: YamlNode | None = None
    for step in path[:-1]:
        value = nodes.get(step)
        nodes = value.entries if isinstance(value, MappingNode) else {}
    return value.span if value else None


def _siblings(path: list[str], nodes: Mapping[str, YamlNode]) -> Mapping[str, YamlNode]:
    """The entries of the mapping in which the last step of the path is written."""
    for step in path[:-1]:
        value = nodes.get(step)
        nodes = value.entries if isinstance(value, MappingNode) else {}
    return nodes


def field_names(model: type[BaseModel] | None) -> list[str]:
    """The fields of a model as a spec writes them; none for no model."""
    return [info.alias or name for name, info in model.model_fields.items()] if model else []


def model_at(model: type[BaseModel] | None, path: Iterable[str]) -> type[BaseModel] | None:
    """The model at a path of fields below another model; None if there is none."""
    for step in path:
        info = _field(model, step)
        model = _model_in(info.annotation) if info else None
    return model


def _field(model: type[BaseModel] | None, name: str) -> FieldInfo | None:
    """The field that a spec writes as `name`; None if the model has none, or there is no model."""
    return next((i for n, i in model.model_fields.items() if (i.alias or n) == name), None) if model else None


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _literals(model: type[BaseModel] | None, field: str) -> list[str]:
    info = _field(model, field)
    if info is None:
        return []
    return [
        word
        for part in (info.annotation, *get_args(info.annotation))
        for word in get_args(part)
        if isinstance(word, str)
    ]


def _to_write(field: str, words: list[str]) -> str:
    """The help for a missing field, with the words that it takes, if it takes words."""
    if len(words) == 1:
        return f"add `{field}: {words[0]}`"
    return f"add `{field}:`" + (f" with one of {', '.join(words)}" if words else "")


def _shown(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            return f'the string "{value[:60]}"' if len(value) <= 60 else f'the string "{value[:60]}…"'
        case int() | float():
            return f"`{value}`"
        case list() if len(value) <= 8 and all(type(part) in (int, float) for part in value):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
            return f"`{value}`"
        case list():
            return "a list"
        case _:
            return "a mapping"


def _range(kind: str, context: dict[str, Any]) -> str:
    whole = {name: int(x) if isinstance(x, float) and x.is_integer() else x for name, x in context.items()}
    entries = "entry" if 1 in (whole.get("min_length"), whole.get("max_length")) else "entries"
    return _RANGES[kind].format(**whole, entries=entries)


def _as_meant(value: object, kind: str, model: type[BaseModel] | None, field: str) -> tuple[str | None, str | None]:
    """The help for a value of the wrong kind, if its meaning is plain, and the text to write, if it is certain."""
    if isinstance(value, str) and value in field_names(model):
        fields = "…" if field_names(model_at(model, [value])) else ""
        text = f"{{{value}: {{{fields}}}}}"
        return f"write `{field}: {text}`", None if fields else text
    if kind == "string_type" and type(value) in (int, float, bool):
        return "put it in quotes", None
    return _without_quotes(value, kind)


def _without_quotes(value: object, kind: str) -> tuple[str | None, str | None]:
    """The same for a number in quotes."""
    if not isinstance(value, str) or kind not in _NUMBERS or not re.fullmatch(_NUMBERS["float_type"], value):
        return None, None
    return f"write {value} without quotes", value if re.fullmatch(_NUMBERS[kind], value) else None
