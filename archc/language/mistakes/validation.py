"""Pydantic's errors as findings, each at the node that is at fault."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from archc.diagnostics.finding import MAX_FINDINGS, Finding, replacement, report, respelling
from archc.language.fields import LONGEST_NAME, Place, field_names, model_at, template, usual_choice, value_at, words_of
from archc.language.mistakes.strayed_fields import Strayed, strayed_field
from archc.language.mistakes.unknown_fields import lacking, replaced, unknown_field
from archc.language.mistakes.vocabulary import certain, did_you_mean, nearest
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.language.section import Choice
from archc.ops.foreign import spelled
from archc.source import Span
from archc.wording import joined

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
    "string_too_short": "it must not be empty",
    "string_too_long": "it must have at most {max_length} characters",
}
Loc = tuple[int | str, ...]
"""Where pydantic found an error."""
# The codes of errors whose code is not ARC105.
_CODES = {"crop": "ARC109"}
# Of more missing fields, the author is at the beginning, and `archc explain` has them all.
_MOST_DESCRIBED = 2


def not_a_name(word: str, span: Span) -> Finding:
    """The finding for a word that is used as a name and is not one."""
    if len(word) > LONGEST_NAME:
        # A shortened name, so that the message cannot read like the help, which has the first 64 characters.
        message = f"`{word[:16]}…` has {len(word):,} characters; a name has at most {LONGEST_NAME}"
    else:
        message = f"`{word}` is not a valid name" if word else "the empty string is not a valid name"
    note = f"a name is a letter, then letters, digits and `_`: ASCII, at most {LONGEST_NAME} characters"
    letters = (c if c.isascii() and c.isalnum() else "_" for c in word[:LONGEST_NAME])
    usable = "".join(letters).lstrip("_0123456789").rstrip("_")
    return report(
        span, "ARC106", message, notes=[note], help=f"use `{usable}`" if usable else "write a name, such as `relu1`"
    )


def explain(
    error: ValidationError,
    model: type[BaseModel],
    nodes: Mapping[str, YamlNode],
    keys: Mapping[str, ScalarNode],
    owner: Span,
    what: str,
    *,
    partial: bool = False,
    elsewhere: Iterable[str] = (),
    told: Container[Loc] = (),
    usual: Mapping[str, object] | None = None,
) -> list[Finding]:
    """A finding for each error that pydantic found in a `model`.

    `nodes` and `keys` are where its fields were written, `owner` is where a missing field is reported, and `what` is
    what messages call the whole. With `partial`, fields may be missing; those `elsewhere` may be missing because
    another finding reports how they were written. The fields at the paths in `told` are reported already, and `usual`
    has values to suggest for missing fields.
    """
    details = error.errors(include_url=False)[:MAX_FINDINGS]
    if partial:
        details = [detail for detail in details if detail["type"] != "missing" or len(detail["loc"]) > 1]
    details = [detail for detail in details if detail["loc"][:1] not in told and detail["loc"][:2] not in told]
    # A required field that is misspelt, or has another one in its place, is not reported as missing too.
    unknown = [detail["loc"] for detail in details if detail["type"] == "extra_forbidden"]
    misspelt = {((), name) for name in elsewhere}
    misspelt |= {(loc[:-1], nearest(str(loc[-1]), _fields_at(model, loc[:-1]))) for loc in unknown}
    # Nor is one that the help for a word without a counterpart names.
    misspelt |= {
        (detail["loc"][:-1], named)
        for detail in details
        if detail["type"] == "extra_forbidden"
        for named in _named_for(model, detail)
    }
    misspelt |= {
        (loc[:-1], only) for loc in unknown if len(fields := _fields_at(model, loc[:-1])) == 1 for only in fields
    }
    strayed = _strayed(model, unknown, nodes, keys, owner, what)
    misspelt |= {(found.path[:-1], found.path[-1]) for found in strayed.values()}
    findings: list[Finding] = []
    # Of a section, all missing fields are one mistake; of a layer, each is.
    missing: dict[tuple[Loc, int | str], list[str]] = {}
    for detail in details:
        loc = detail["loc"]
        if loc in strayed:
            findings.append(strayed[loc].finding)
        elif detail["type"] != "missing":
            findings.append(_finding(model, detail, nodes, keys, owner, what))
        elif (loc[:-1], loc[-1]) not in misspelt:
            missing.setdefault((loc[:-1], "" if loc[:-1] else loc[-1]), []).append(str(loc[-1]))
    for (path, _), names in missing.items():
        findings.append(_missing(model, [str(step) for step in path], names, nodes, owner, what, usual))
    return findings


def _strayed(
    model: type[BaseModel],
    unknown: Iterable[Loc],
    nodes: Mapping[str, YamlNode],
    keys: Mapping[str, ScalarNode],
    owner: Span,
    what: str,
) -> dict[Loc, Strayed]:
    """Those of the unknown fields that belong to another section."""
    found: dict[Loc, Strayed] = {}
    for loc in unknown:
        path = _locate(loc, nodes, keys)[2]
        parent = model_at(model, path[:-1])
        assert parent is not None
        place = Place(_mapping_at(path, nodes, keys, owner), parent, _inside(what, path))
        if strayed := strayed_field(place, model, path, nodes):
            found[loc] = strayed
    return found


def _inside(what: str, path: list[str]) -> str:
    """What messages call the mapping with the last step of a path."""
    return f"{what}'s `{'.'.join(path[:-1])}`" if len(path) > 1 else what


def _named_for(model: type[BaseModel], detail: ErrorDetails) -> list[str]:
    """The fields that the help for an unknown one names."""
    *path, word = map(str, detail["loc"])
    inside = model_at(model, path)
    if inside is None:
        return []
    help = lacking(word, inside) or replaced(word, inside, detail["input"]) or ""
    return re.findall("`([a-z_]+)[`:]", help)


def _missing(
    model: type[BaseModel],
    path: list[str],
    names: list[str],
    nodes: Mapping[str, YamlNode],
    owner: Span,
    what: str,
    usual: Mapping[str, object] | None,
) -> Finding:
    """The finding for the fields that are missing in the mapping at a path."""
    inside = f"{what}'s `{'.'.join(path)}`" if path else what
    values: Any = usual
    for step in path:
        values = values.get(step, {}) if values else {}
    parts = [_to_write(name, words_of(model_at(model, path), name)) for name in names]
    help = f"add {joined(parts, 'and')}"
    if values and all(name in values for name in names):
        one = {name: _one_of(model_at(model, [*path, name]), values[name]) for name in names}
        fields = ", ".join(f"{name}: {spelled(value)}" for name, value in one.items())
        help = f"add `{fields}`, or {'another value' if len(names) == 1 else 'other values'}"
    needed = joined([f"`{name}`" for name in names], "and")
    span = _enclosing([*path, names[0]], nodes) or owner
    notes = [_described(model_at(model, path), name) for name in names] if len(names) <= _MOST_DESCRIBED else []
    return report(span, "ARC103", f"{inside} needs {needed}", notes=notes, help=help)


def _described(model: type[BaseModel] | None, name: str) -> str:
    """What a missing field is for, in the words of its description."""
    field = model.model_fields.get(name) if model else None
    if field is None or not field.description:
        return ""
    first = field.description.split(". ")[0].rstrip(".")
    return f"`{name}`: {first[0].lower()}{first[1:]}"


def _one_of(model: type[BaseModel] | None, usual: Any) -> Any:
    """A usual value: of a choice, that of its usual field alone."""
    chosen = usual_choice(model) if model else []
    return {name: usual[name] for name in chosen} if chosen else usual


def _fields_at(model: type[BaseModel], loc: Loc) -> list[str]:
    return field_names(model_at(model, [str(step) for step in loc]))


def _finding(
    model: type[BaseModel],
    detail: ErrorDetails,
    nodes: Mapping[str, YamlNode],
    keys: Mapping[str, ScalarNode],
    owner: Span,
    what: str,
) -> Finding:
    from archc.language.mistakes.meant_values import (  # only for a spec with a mistake, for the time of start-up
        Meant,
        meant,
    )

    node, key_span, path = _locate(detail["loc"], nodes, keys)
    field = ".".join(path)
    kind, context = detail["type"], detail.get("ctx", {})
    parent = model_at(model, path[:-1])
    match kind:
        case "extra_forbidden":
            assert parent is not None
            place = Place(_mapping_at(path, nodes, keys, owner), parent, _inside(what, path))
            return unknown_field(path[-1], place).finding
        case "literal_error":
            allowed = re.findall("'(.*?)'", context["expected"]) or re.split(", | or ", context["expected"])
            help, text, _ = meant(detail["input"], kind, parent, path[-1])
            fix = respelling(node, text or certain(str(detail["input"]), allowed)) if node else ()
            if help is None and len(allowed) == 1 and not fix:
                help = f"`{allowed[0]}` is the only {path[-1]} so far"
            help = help or did_you_mean(str(detail["input"]), allowed, what="values")
            return report(node or owner, "ARC105", f"`{field}` cannot be {_shown(detail['input'])}", help=help, fix=fix)
        case "name":
            # pydantic marks a key, not a value, by a last step of its own
            return not_a_name(str(detail["input"]), (key_span if detail["loc"][-1] == "[key]" else node) or owner)
        case "choice":
            at = node or owner
            return _not_one(model_at(model, path), field, context["written"], at, value_at(nodes, path))
        case _ if kind in _KINDS:
            message = f"`{field}` must be {_KINDS[kind]}, got {_shown(detail['input'])}"
            help, text, note = meant(detail["input"], kind, parent, path[-1])
            fix = replacement(node, text) if node and text else ()
            return report(node or owner, "ARC104", message, notes=[note], help=help, fix=fix)
        case _:
            rule = _range(kind, context) if kind in _RANGES else f"it {detail['msg']}"
            if kind == "value_error":  # from a validator of a distribution's op
                rule = str(context["error"])
            message = f"`{field}` is {_shown(detail['input'])}: {rule}" if field else f"{what}: {rule}"
            help, text, note = meant(detail["input"], kind, parent, path[-1]) if path else Meant()
            fix = replacement(node, text) if node and text else ()
            return report(node or owner, _CODES.get(kind, "ARC105"), message, notes=[note], help=help, fix=fix)


def _not_one(
    model: type[BaseModel] | None, field: str, written: list[str], at: Span, value: YamlNode | None
) -> Finding:
    """The finding for a section with none or several of the fields of which it takes one."""
    assert model is not None and issubclass(model, Choice)
    names = joined([f"`{name}`" for name in [*model.one_of, *model.beside]], "and")
    if len(written) < 2:
        help = f"write `{field.rpartition('.')[2]}: {template(model)}`"
        return report(at, "ARC103", f"`{field}` needs one of {names}", help=help)
    keys = [value.keys[name].span for name in written] if isinstance(value, MappingNode) else [at]
    both = joined([f"`{name}`" for name in written], "and")
    related = [(span, "") for span in keys[1:]]
    one = joined([f"`{name}`" for name in written], "or")
    return report(keys[0], "ARC105", f"`{field}` has {both}: it takes one", help=f"keep {one}", related=related)


def _locate(
    loc: Loc, nodes: Mapping[str, YamlNode], keys: Mapping[str, ScalarNode]
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


def _mapping_at(
    path: list[str], nodes: Mapping[str, YamlNode], keys: Mapping[str, ScalarNode], owner: Span
) -> MappingNode:
    """The mapping in which the last step of the path is written."""
    found = MappingNode(dict(nodes), dict(keys), owner)
    for step in path[:-1]:
        value = found.entries.get(step)
        found = value if isinstance(value, MappingNode) else MappingNode({}, {}, owner)
    return found


def _to_write(field: str, words: list[str]) -> str:
    """A missing field as a help names it, with the words that it takes, if it takes words."""
    if len(words) == 1:
        return f"`{field}: {words[0]}`"
    return f"`{field}:`" + (f" with one of {', '.join(words)}" if words else "")


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
