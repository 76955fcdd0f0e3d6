"""Fields of a section that are written beside it, such as `batch_size: 128` beside `layers:`: the same nested."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import BaseModel

from archc.diagnostics.finding import Finding, report
from archc.language.fields import field_names, field_of, mistakes_in, model_at
from archc.language.mistakes.edits import gathering, inline
from archc.language.mistakes.vocabulary import certain, nearest
from archc.language.reader import MappingNode, ScalarNode, YamlNode, plain
from archc.language.section import Choice

_OPEN = "…"
_LONGEST = 120
# Comparing the fields of a larger spec with all names would take long.
_MOST_FIELDS = 100
_WORDS = ("literal_error", "model_type", "model_attributes_type", "bool_type", "memory")
"""Kinds of errors of a word that can be another framework's word for a value of the field."""

Tree = dict[str, "Tree | YamlNode | None"]
"""Fields by name: a section, the node of a value, or None for several values."""


class Misplaced(NamedTuple):
    """The finding, and the paths of the fields that are not validated any further."""

    finding: Finding
    paths: set[tuple[str, ...]]


def nested_fields(spec: type[BaseModel], root: MappingNode) -> tuple[MappingNode, list[Misplaced]]:
    """The spec without the fields that belong to a section of it, and a finding for each section."""
    if len(root.entries) > _MOST_FIELDS:
        return root, []
    names = field_names(spec)
    homes: dict[str, dict[str, tuple[str, ...]]] = {}
    for word, node in root.entries.items():
        if nearest(word, names, section=True) is None and (path := home(word, node, spec, root)):
            homes.setdefault(path[0], {})[word] = path[1:]
    found = [_misplaced(section, words, spec, root) for section, words in homes.items()]
    moved = {word for words in homes.values() for word in words}
    entries = {word: node for word, node in root.entries.items() if word not in moved}
    return root._replace(entries=entries), found


def home(word: str, node: YamlNode, spec: type[BaseModel], root: MappingNode) -> tuple[str, ...] | None:
    """The path of the one field in a section of the spec that a word must mean; fields nearer to the top first.

    Of the same field in several sections of a choice, it is that in the section that the spec names, or the usual one.
    """
    level: list[tuple[tuple[str, ...], type[BaseModel]]] = [((), spec)]
    while level := [
        ((*path, name), section)
        for path, model in level
        for name in field_names(model)
        if (section := model_at(model, [name]))
    ]:
        found = [
            (*path, own)
            for path, section in level
            if (own := certain(word, field_names(section), section=True)) and _takes(section, own, node)
        ]
        if found:
            is_choice = (section := model_at(spec, found[0][:-2])) is not None and issubclass(section, Choice)
            if len(found) > 1 and not (is_choice and {path[:-2] for path in found} == {found[0][:-2]}):
                return None
            named = [path for path in found if any(_names(value, path[-2]) for value in root.entries.values())]
            return (named or found)[0]
    return None


def _names(node: YamlNode, section: str) -> bool:
    """Whether a value is the name of a section, or a mapping that has it."""
    words = node.entries if isinstance(node, MappingNode) else [node.value] if isinstance(node, ScalarNode) else []
    return any(isinstance(word, str) and certain(word, [section]) is not None for word in words)


def _takes(section: type[BaseModel], field: str, node: YamlNode) -> bool:
    """Whether a field can be meant to have a value: its type, or a word where it takes a word or a section."""
    if model_at(section, [field]) and isinstance(node, MappingNode):
        return True
    kinds = mistakes_in(section, field, plain(node))
    is_word = isinstance(node, ScalarNode) and isinstance(node.value, str)
    return not kinds or (is_word and all(kind in _WORDS for kind in kinds))


def _misplaced(section: str, words: dict[str, tuple[str, ...]], spec: type[BaseModel], root: MappingNode) -> Misplaced:
    first = next(iter(words))
    at = root.keys[first].span
    home = ".".join([section, *words[first][:-1]])
    message = f"unknown field `{first[:64]}` in the spec: it belongs to `{home}`"
    related = [(root.keys[word].span, "") for word in list(words)[1:]]
    model = model_at(spec, [section])
    written = root.entries.get(section)
    tree = _tree(model, {path: root.entries[word] for word, path in words.items()}, list(words.values()))
    if written is not None:
        inner = _text(model, tree, written)[1:-1]
        it = "it" if len(words) == 1 else "them"
        help = f"move {it} into `{section}`: write `{inner}` there"
        has = written.entries if isinstance(written, MappingNode) else ()
        notes = [f"`{section}` has `{path[0]}` already" for path in words.values() if path[0] in has]
        paths = {(section, path[0]) for path in words.values()}
        return Misplaced(report(at, "ARC101", message, notes=dict.fromkeys(notes), help=help, related=related), paths)
    text = f"{section}: {_text(model, tree)}"
    fix = gathering(root, list(words), text) if _OPEN not in text else ()
    return Misplaced(report(at, "ARC101", message, help=f"write `{text}`", related=related, fix=fix), {(section,)})


def _tree(model: type[BaseModel] | None, values: dict[tuple[str, ...], YamlNode], paths: list[tuple[str, ...]]) -> Tree:
    """The values at their paths. A word such as `sgd` becomes the section that it names."""
    tree: Tree = {}
    for path in sorted(paths, key=len):
        node, inside = values[path], tree
        for at, step in enumerate(path[:-1], 1):
            below = inside.get(step)
            if not isinstance(below, dict):
                below = inside[step] = _named(model_at(model, path[:at]), below)
            inside = below
        inside[path[-1]] = node if paths.count(path) == 1 else None
        section = model_at(model, path)
        if section is not None and isinstance(node, ScalarNode):
            inside[path[-1]] = _named(section, node) or None
    return tree


def _named(section: type[BaseModel] | None, node: object) -> Tree:
    """The section whose one entry is the section that a word names; empty if it names none."""
    word = node.value if isinstance(node, ScalarNode) else None
    key = certain(word, field_names(section)) if isinstance(word, str) else None
    return {key: {}} if key and model_at(section, [key]) else {}


def _text(model: type[BaseModel] | None, tree: Tree, written: YamlNode | None = None) -> str:
    """A section in one line, with `…` for values to fill in; without missing fields if it is `written` too."""
    fields: list[str] = []
    for name in field_names(model):
        info = field_of(model, name)
        if name not in tree and (written or info is None or not info.is_required()):
            continue
        value = tree.get(name)
        if isinstance(value, dict):
            has = written.entries.get(name) if isinstance(written, MappingNode) else None
            shown = _text(model_at(model, [name]), value, has)
        else:
            shown = _OPEN if value is None or len(text := inline(value)) > _LONGEST else text
        fields.append(f"{name}: {shown}")
    return f"{{{', '.join(fields)}}}"
