"""A recipe that is written flat, such as `optimizer: sgd, lr: 0.01`: the same nested, with the author's own numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

from archc.diagnostics.finding import Finding, replacement, report
from archc.language.fields import field_names, field_of, model_at
from archc.language.mistakes.edits import entry, gathering, inline
from archc.language.mistakes.unknown_fields import is_needless, lacking, replaced
from archc.language.mistakes.vocabulary import certain, synonyms
from archc.language.reader import MappingNode, ScalarNode, YamlNode, is_bare, plain
from archc.language.section import Choice
from archc.ops.foreign import spelled
from archc.wording import joined

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
        named = [word for word in entries if certain(word, [field], section=True) == field]
        written = named[0] if named else None
        path = _path(section, entries, entries[written] if written else None)
        fields = field_names(model_at(section, path))
        flat = {word: own[0] for word in entries if (own := _own(word, fields, field_names(recipe)))}
        if flat:
            found.append(_beside(field, section, path, train, flat, named, usual.get(field, {})))
            entries = {word: node for word, node in entries.items() if word not in flat and word not in named}
        elif written and path and (inner := _inside(field, section, path, train, written, usual.get(field, {}))):
            found.append(inner)
            del entries[written]
    return MappingNode(entries, train.keys, train.span) if found else train, found


def _path(section: type[BaseModel], words: Iterable[str], node: YamlNode | None) -> list[str]:
    """The field of a choice that is meant, such as `sgd`: the one that is named, else the one with most of the words.

    Empty for a section that is not a choice.
    """
    if not issubclass(section, Choice):
        return []
    word = _kind(node, section)
    if word and (said := certain(word, section.one_of)):
        return [said]
    given = {*words, *(node.entries if isinstance(node, MappingNode) else ())}

    def known(name: str) -> int:
        model = model_at(section, [name])
        assert model is not None
        names = field_names(model)
        mine = (
            synonyms(each, names, section=True) or is_needless(each, model) or lacking(each, model) for each in given
        )
        return sum(map(bool, mine))

    return [max(section.one_of, key=known)]


def _kind(node: YamlNode | None, section: type[Choice]) -> str | None:
    """The word by which a value names one of the fields of a choice."""
    if isinstance(node, MappingNode):
        own = next((word for word in node.entries if certain(word, section.one_of)), None)
        return own or next((_kind(node.entries[word], section) for word in node.entries if word in _KINDS), None)
    return node.value if isinstance(node, ScalarNode) and isinstance(node.value, str) else None


def _choices(section: type[BaseModel]) -> str:
    """All fields of a choice, in words."""
    assert issubclass(section, Choice)
    return joined([f"`{name}`" for name in section.one_of])


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
        help = f"archc has {_choices(section)}, not `{other[:64]}`: write `{right}`"
    elif isinstance(node, MappingNode):
        help = f"move it into `{field}: {{{path[0]}: {{…}}}}`" if path else f"move it into `{field}: {{…}}`"
    elif _lacks(node, path):
        help = f"archc has {_choices(section)}: write `{right}`"
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
    assert issubclass(section, Choice)
    if not isinstance(node, MappingNode) or any(synonyms(word, section.one_of) for word in node.entries):
        return None
    fields = field_names(model_at(section, path))
    beside = [word for word in node.entries if word in section.beside]
    flat = {word: own[0] for word in node.entries if (own := synonyms(word, fields, section=True))}
    kind = next((word for word in node.entries if word in _KINDS), None)
    value = node.entries[kind] if kind else None
    is_other = _lacks(value, path)
    if (not flat and kind is None) or (is_other and not flat):
        return None
    values = _values(node, flat)
    if not flat and not beside and len(node.entries) > 1 and kind is None:
        return None
    right = _nested(section, path, values)
    for word in beside:
        right = f"{right[:-1]}, {word}: {inline(node.entries[word])}}}"
    message = f"`train.{field}` must be a mapping with the one entry `{path[0]}`"
    only = f"archc has {_choices(section)}: " if is_other else ""
    model = model_at(section, path)
    others = [word for word in node.entries if word not in flat and word != kind and word not in beside][:_MOST_NOTED]
    homeless = [_homeless(word, node.entries[word], model, section) for word in others]
    notes = [*_clashes(flat), *homeless]
    is_named = value is None or _names(value, path)
    is_whole = not notes and is_named and "…" not in right and not is_other
    fix = replacement(node.span, right) if is_whole and entry(train, written) else ()
    help = _with_usual(field, section, path, values, usual, only) if not beside else f"{only}write `{field}: {right}`"
    return Flat(field, report(node.span, "ARC105", message, notes=notes, help=help, fix=fix))


def _homeless(word: str, node: YamlNode, model: type[BaseModel] | None, section: type[BaseModel]) -> str:
    """What to do about a field that a section does not have."""
    for each in (model, section):
        if each and (found := lacking(word, each) or replaced(word, each, plain(node))):
            return found
    return f"`{word[:64]}` has no place in it"


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
