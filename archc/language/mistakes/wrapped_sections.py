"""Sections inside another field, such as `model: {input: …, layers: …}`: the spec with them at its top level."""

from __future__ import annotations

from pydantic import BaseModel

from archc.diagnostics.finding import Finding, report
from archc.language.defaults import op_word
from archc.language.fields import field_names
from archc.language.mistakes.vocabulary import certain
from archc.language.reader import MappingNode
from archc.wording import listed

_TELLING = {"layers", "input"}
_MOST_FIELDS = 20


def unwrapped(spec: type[BaseModel], root: MappingNode) -> tuple[MappingNode, list[Finding]]:
    """The spec without a field around its sections, and the finding; the sections are read as if it were not there."""
    names = field_names(spec)
    for word, node in root.entries.items():
        if word in names or not isinstance(node, MappingNode) or not _are_sections(node, names):
            continue
        entries = {key: value for key, value in root.entries.items() if key != word}
        keys = {**root.keys, **{key: at for key, at in node.keys.items() if key not in root.keys}}
        inner = listed([f"`{key}`" for key in node.entries])
        message = f"unknown field `{word[:64]}` in the spec: it contains {inner}"
        help = f"delete `{word[:64]}:`, and write {inner} at the top level of the spec"
        found = report(root.keys[word].span, "ARC101", message, help=help)
        return root._replace(entries={**node.entries, **entries}, keys=keys), [found]
    return root, []


def _are_sections(node: MappingNode, names: list[str]) -> bool:
    """Whether all fields are sections of a spec, and none is a layer of that name."""
    if not 0 < len(node.entries) <= _MOST_FIELDS:
        return False
    meant = {certain(key, names, section=True) for key in node.entries}
    layers = (value for value in node.entries.values() if isinstance(value, MappingNode))
    return (
        None not in meant and not _TELLING.isdisjoint(node.entries) and all(op_word(value) is None for value in layers)
    )
