"""The words of the language as pages: sections, fields and values, from the descriptions in the models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from archc.explain.concepts import Concept, reference
from archc.language.field_table import as_written, takes
from archc.language.mistakes.vocabulary import synonyms
from archc.language.schema import json_schema
from archc.language.spec import Spec, Tokens
from archc.ops import ops
from archc.wording import joined

Schema = dict[str, Any]

_LAYER, _CALL, _TOKENS = "every layer", "every use of a block", "an input of tokens"
_SPOKEN = (_LAYER, _CALL, _TOKENS)
"""Places that are called by words, and not by a path in the spec."""


@dataclass(frozen=True)
class _Use:
    """A field in one place. `where` is an op, or the path of a section; empty for the spec itself.

    `fields` are those of a field that is a section; `values` are the words that it takes.
    """

    name: str
    where: str
    meaning: str
    takes: str
    default: str
    fields: Sequence[_Use]
    values: Sequence[str]


def sections() -> dict[str, Concept]:
    """The pages of the sections by name, in the order of a spec."""
    return {name: _referring(_page(name, found)) for name, found in _uses().items() if _is_section(found[0])}


def words() -> list[str]:
    """All sections, fields and values by name, except ops, which have pages of their own."""
    return [word for word in dict.fromkeys([*_uses(), *_values()]) if word not in ops()]


def page_of(word: str) -> Concept | None:
    """The page of a section, a field or a value; None for any other word."""
    if found := _uses().get(word):
        return _referring(_page(word, found))
    if fields := _values().get(word):
        title = f"a value of {joined([f'`{field}`' for field in fields])}"
        parts = (part for field in fields for part in _page(field, _uses()[field]).parts)
        # A word of another framework for an op is more likely that than a value.
        called = [f"Where another framework calls an op so, it is `{op}`." for op in synonyms(word, ops())]
        return _referring(Concept(word, title, (*called, *parts)))
    return None


def _referring(page: Concept) -> Concept:
    """The page, with a reference to those on what its word is for."""
    return replace(page, parts=(*page.parts, *reference(page.name)))


@cache
def _uses() -> dict[str, list[_Use]]:
    """Every field of the language: by name, the places in which it is used."""
    spec = Spec.model_json_schema()
    layer = [use for where, schema in _any_layer().items() for use in _fields(where, schema, {})]
    block = [*_fields("blocks", json_schema()["properties"]["blocks"]["additionalProperties"], {})]
    language, sections = json_schema(), spec["properties"]
    inside = {
        "layers": layer,
        "blocks": block,
        "input": [*_fields(_TOKENS, spec["$defs"][Tokens.__name__], {})],
        "change": [*_fields("change", _described(language["definitions"]["change"], sections), {})],
        "variants": [
            *_fields("variants", _described(language["properties"]["variants"]["additionalProperties"], sections), {})
        ],
    }
    uses = [replace(use, fields=inside.get(use.name, use.fields)) for use in _fields("", spec, spec["$defs"])]
    for name, op in ops().items():
        schema = op.model_json_schema()
        fields = {field: value for field, value in schema["properties"].items() if field != "op"}
        uses += _fields(name, {**schema, "properties": fields}, schema.get("$defs", {}))
    found: dict[str, list[_Use]] = {}
    for use in _all(uses):
        found.setdefault(use.name, []).append(use)
    # A page begins with the section of its name, if there is one.
    return {name: sorted(uses, key=lambda use: not _is_section(use)) for name, uses in found.items()}


def _described(body: Schema, sections: Schema) -> Schema:
    """The schema of a mapping whose fields take many forms: only what each means, as a section of its name does."""
    fields: dict[str, Schema] = {
        name: {"description": field.get("description") or sections[name].get("description", ""), "type": []}
        for name, field in body["properties"].items()
    }
    return {"properties": fields}


def _any_layer() -> dict[str, Schema]:
    """The schema of the fields that every layer or use of a block has. Only the language's schema describes them."""
    language = json_schema()
    layer = language["properties"]["layers"]["additionalProperties"]["properties"]
    body = language["definitions"][next(iter(ops()))]["properties"]
    use = language["definitions"]["use"]["properties"]
    fields = {"op": layer["op"], "from": body["from"], "expect": body["expect"]}
    call = {"block": use["block"], "repeat": use["repeat"]}
    return {_LAYER: {"properties": fields, "required": ["op"]}, _CALL: {"properties": call, "required": ["block"]}}


def _all(uses: Iterable[_Use]) -> Iterator[_Use]:
    for use in uses:
        yield use
        yield from _all(use.fields)


@cache
def _values() -> dict[str, list[str]]:
    """The words that fields take, each with the names of those fields."""
    found: dict[str, dict[str, None]] = {}
    for use in (use for uses in _uses().values() for use in uses):
        for value in use.values:
            found.setdefault(value, {})[use.name] = None
    return {value: [*fields] for value, fields in found.items()}


def _fields(where: str, schema: Schema, named: dict[str, Schema]) -> Iterator[_Use]:
    """The fields of a section or an op."""
    for name, field in schema["properties"].items():
        forms = [*_forms(field, named)]
        inner = f"{where}.{name}" if where else name
        yield _Use(
            name=name,
            where=where,
            meaning=field.get("description") or forms[0].get("description", ""),
            takes=takes(field, named) if all(map(_has_words, forms)) else "",
            default=_default(name, field, schema),
            fields=[use for form in forms if "properties" in form for use in _fields(inner, form, named)],
            values=[word for form in forms for word in form.get("enum", [form.get("const")]) if isinstance(word, str)],
        )


def _forms(field: Schema, named: dict[str, Schema]) -> Iterator[Schema]:
    """The alternatives that a field takes, without null."""
    for form in field.get("anyOf", [field]):
        if form != {"type": "null"}:
            yield named[form["$ref"].rpartition("/")[2]] if "$ref" in form else form


def _has_words(form: Schema) -> bool:
    """Whether `takes` has words for a form: not for a section, or for names, whose description has them."""
    match form.get("type"):
        case list():
            return False  # layers: a mapping or a list
        case "array":
            return form.get("maxItems") == 2  # [height, width]
        case "object":
            return bool(form.get("properties"))
        case "string":
            return "enum" in form or "const" in form
        case _:
            return True


def _default(name: str, field: Schema, schema: Schema) -> str:
    if name in schema.get("required", ()):
        return "required"
    default = field.get("default")
    return f"default {as_written(default)}" if default is not None and default != {} else "optional"


def _is_section(use: _Use) -> bool:
    """Whether a field is a section of a spec, or one of its own sections."""
    return not use.where or (bool(use.fields) and use.where.partition(".")[0] not in (*ops(), *_SPOKEN))


def _page(name: str, uses: list[_Use]) -> Concept:
    first, *_ = uses
    title = first.meaning.removesuffix(".") if _is_section(first) else f"a field of {_places(uses)}"
    parts = ["\n".join(_items(uses))]
    for use in filter(_is_section, uses):
        for where in dict.fromkeys(field.where for field in use.fields):
            fields = [field for field in use.fields if field.where == where]
            parts += [f"Fields of {_places(fields[:1])}:", "\n".join(map(_item, fields))]
    return Concept(name, title, tuple(parts))


def _items(uses: list[_Use]) -> Iterator[str]:
    """An item for each form of a field, with all places that use it. The first one's meaning can be the title."""
    alike: dict[str, list[_Use]] = {}
    for number, use in enumerate(uses):
        is_title = not number and _is_section(use)
        alike.setdefault(f"{use.default}." if is_title else _form_of(use), []).append(use)
    for form, group in alike.items():
        yield f"- In {_places(group)}: {form}"


def _item(use: _Use) -> str:
    return f"- `{use.name}`: {_form_of(use)}"


def _form_of(use: _Use) -> str:
    """What a field takes, its default and its meaning."""
    kind = ", ".join(part for part in ("" if _is_section(use) else use.takes, use.default) if part)
    return f"{kind}. {use.meaning}".rstrip()


def _places(uses: Sequence[_Use]) -> str:
    return joined([use.where if use.where in _SPOKEN else f"`{use.where}`" if use.where else "a spec" for use in uses])
