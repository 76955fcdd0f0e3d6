"""A recipe that is written flat, such as `optimizer: sgd, lr: 0.01`: the same nested, with the author's own numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

from archc.diagnostics.finding import Finding, replacement, report
from archc.language.fields import field_names, field_of, model_at
from archc.language.mistakes.edits import entry, gathering, inline
from archc.language.mistakes.unknown_fields import lacking
from archc.language.mistakes.vocabulary import certain, synonyms
from archc.language.reader import MappingNode, ScalarNode, YamlNode, is_bare
from archc.ops.foreign import spelled

_KINDS = ("name", "type", "kind", "class")
_MOST_NOTED = 8


class Flat(NamedTuple):
    """The finding, and the field of the recipe that it is about, which is not validated any further."""

    field: str
    finding: Finding


Usual = Mapping[str, Any]


def flat_fields(recipe: type[BaseModel], train: YamlNode | None, usual: Usual) -> tuple[MappingNode | None, list[Flat]]:
    """The recipe without the fields that belong to a section of it, and a finding for each section.

    `usual` has values to suggest for what is missing in a section.
    """
    if not isinstance(train, MappingNode):
        return None, []
    found: list[Flat] = []
    entries = dict(train.entries)
    for field in field_names(recipe):
        if (section := model_at(recipe, [field])) is None:
            continue
        path = _path(section)
        fields = field_names(model_at(section, path))
        flat = {word: own[0] for word in entries if (own := _own(word, fields, field_names(recipe)))}
        named = [word for word in entries if certain(word, [field], section=True) == field]
        written = named[0] if named else None
        if flat:
            found.append(_beside(field, section, path, train, flat, named, usual.get(field, {})))
            entries = {word: node for word, node in entries.items() if word not in flat and word not in named}
        elif written and path and (inner := _inside(field, section, path, train, written, usual.get(field, {}))):
            found.append(inner)
            del entries[written]
    return MappingNode(entries, train.keys, train.span) if found else train, found


def _path(section: type[BaseModel]) -> list[str]:
    """The one field of a section that has further fields, such as `sgd`; empty if it has several fields."""
    names = field_names(section)
    return names if len(names) == 1 and model_at(section, names) else []


def _own(word: str, fields: list[str], siblings: list[str]) -> list[str]:
    """The field of a section that a word must mean, where it means none beside the section."""
    return [] if synonyms(word, siblings, section=True) else synonyms(word, fields, section=True)[:1]


def _beside(
    field: str,
    section: type[BaseModel],
    path: list[str],
    train: MappingNode,
    flat: dict[str, str],
    named: list[str],
    usual: Usual,
) -> Flat:
    """Fields of a section that are written beside it."""
    first = next(iter(flat))
    node = train.entries[named[0]] if named else None
    values = _values(train, flat)
    right = f"{field}: {_nested(section, path, values)}"
    message = f"unknown field `{first[:64]}` in the spec's `train`: it belongs to `{'.'.join([field, *path])}`"
    related = [(train.keys[word].span, "") for word in list(flat)[1:]]
    help, fix = f"write `{right}`", ()
    clash = _clashes({**flat, **dict.fromkeys(named, field)})
    if isinstance(node, MappingNode) and (other := _other(node, path)):
        # What is in a section that archc does not have goes into the one that it has.
        inner = node.entries[other]
        fields = field_names(model_at(section, path))
        of_other = inner if isinstance(inner, MappingNode) else MappingNode({}, {}, inner.span)
        known = {word: own[0] for word in of_other.entries if (own := synonyms(word, fields, section=True))}
        right = f"{field}: {_nested(section, path, {**_values(of_other, known), **values})}"
        help = f"`{path[0]}` is the only {field} so far, not `{other[:64]}`: write `{right}`"
    elif isinstance(node, MappingNode):
        help = f"move it into `{field}: {{{path[0]}: {{…}}}}`" if path else f"move it into `{field}: {{…}}`"
    elif _lacks(node, path):
        help = f"`{path[0]}` is the only {field} so far: write `{right}`"
    elif "…" not in right and not clash and (node is None or _names(node, path)):
        fix = gathering(train, [*named, *flat], right)
    else:
        help = _with_usual(field, section, path, values, usual)
    at = train.keys[first].span
    return Flat(field, report(at, "ARC101", message, notes=clash, help=help, related=related, fix=fix))


def _other(node: MappingNode, path: list[str]) -> str | None:
    """The one entry of a section, if it is none of archc's."""
    word = next(iter(node.entries)) if len(node.entries) == 1 else None
    return word if word and path and certain(word, path) is None else None


def _with_usual(
    field: str, section: type[BaseModel], path: list[str], values: dict[str, str], usual: Usual, only: str = ""
) -> str:
    """The help to write a section with the author's values, and usual ones for what is missing."""
    for step in path:
        usual = usual.get(step, {})
    model = model_at(section, path)
    missing = [name for name in field_names(model) if _is_required(model, name) and name not in values]
    added = {name: spelled(usual[name]) for name in missing if name in usual and not only}
    more = ", or another value" if len(added) == 1 else ", or other values" if added else ""
    return f"{only}write `{field}: {_nested(section, path, {**added, **values})}`{more}"


def _lacks(node: YamlNode | None, path: list[str]) -> bool:
    """Whether a section names something that is not its one field."""
    value = node.value if isinstance(node, ScalarNode) else None
    return bool(path) and isinstance(value, str) and certain(value, path) is None


def _names(node: YamlNode, path: list[str]) -> bool:
    """Whether a value says no more than the one field of a section does, so that it may go."""
    value = node.value if isinstance(node, ScalarNode) else ""
    return is_bare(node) or (isinstance(value, str) and bool(path) and certain(value, path) is not None)


def _values(mapping: MappingNode, flat: dict[str, str]) -> dict[str, str]:
    """The author's value of each field, and `…` if there are several."""
    means = Counter(flat.values())
    return {own: inline(mapping.entries[word]) if means[own] == 1 else "…" for word, own in flat.items()}


def _clashes(flat: dict[str, str]) -> list[str]:
    """Words for the same field, of which a fix would lose all but one."""
    words: dict[str, list[str]] = {}
    for word, own in flat.items():
        words.setdefault(own, []).append(f"`{word[:64]}`")
    return [f"{' and '.join(same)} both mean `{own}`: delete one" for own, same in words.items() if len(same) > 1]


def _inside(
    field: str, section: type[BaseModel], path: list[str], train: MappingNode, written: str, usual: Usual
) -> Flat | None:
    """Fields of a section's one field that are written in the section itself: `optimizer: {name: sgd, lr: 0.01}`."""
    node = train.entries[written]
    if not isinstance(node, MappingNode) or any(synonyms(word, path) for word in node.entries):
        return None
    fields = field_names(model_at(section, path))
    flat = {word: own[0] for word in node.entries if (own := synonyms(word, fields, section=True))}
    kind = next((word for word in node.entries if word in _KINDS), None)
    value = node.entries[kind] if kind else None
    is_other = _lacks(value, path)
    if (not flat and kind is None) or (is_other and not flat):
        return None
    values = _values(node, flat)
    right = _nested(section, path, values)
    message = f"`train.{field}` must be a mapping with the one entry `{path[0]}`"
    only = f"`{path[0]}` is the only {field} so far: " if is_other else ""
    model = model_at(section, path)
    others = [word for word in node.entries if word not in flat and word != kind][:_MOST_NOTED]
    homeless = [(lacking(word, model) if model else None) or f"`{word[:64]}` has no place in it" for word in others]
    notes = [*_clashes(flat), *homeless]
    is_named = value is None or _names(value, path)
    is_whole = not notes and is_named and "…" not in right and not is_other
    fix = replacement(node.span, right) if is_whole and entry(train, written) else ()
    help = _with_usual(field, section, path, values, usual, only)
    return Flat(field, report(node.span, "ARC105", message, notes=notes, help=help, fix=fix))


def _nested(section: type[BaseModel], path: list[str], values: dict[str, str]) -> str:
    """A section with the author's values, and `…` for those that are missing."""
    model = model_at(section, path)
    names = [name for name in field_names(model) if name in values or _is_required(model, name)]
    text = f"{{{', '.join(f'{name}: {values.get(name, chr(0x2026))}' for name in names)}}}"
    for step in reversed(path):
        text = f"{{{step}: {text}}}"
    return text


def _is_required(model: type[BaseModel] | None, name: str) -> bool:
    info: Any = field_of(model, name)
    return info is not None and info.is_required()
