"""Fields of one section that are written in another, such as `clip: 1` in an optimizer: where they belong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel

from archc.diagnostics.finding import Finding, report
from archc.language.fields import Place, model_at, value_at
from archc.language.mistakes.edits import inline
from archc.language.mistakes.misplaced_fields import home
from archc.language.mistakes.unknown_fields import is_needless, lacking
from archc.language.mistakes.vocabulary import is_section, nearest
from archc.language.reader import MappingNode, YamlNode
from archc.language.section import Choice

_LONGEST = 120


class Strayed(NamedTuple):
    """The finding, and the path of the field that is meant."""

    finding: Finding
    path: tuple[str, ...]


def strayed_field(
    place: Place, model: type[BaseModel], path: Sequence[str], nodes: Mapping[str, YamlNode]
) -> Strayed | None:
    """The finding for a field at a path below a model that belongs to another section; None for any other field."""
    word, top = path[-1], nodes.get(path[0])
    node = place.mapping.entries.get(word)
    if len(path) < 2 or not isinstance(top, MappingNode) or node is None or not is_section(model):
        return None
    if nearest(word, place.allowed, section=True) or is_needless(word, place.model) or lacking(word, place.model):
        return None  # a field of this section, or one that the section knows
    found = home(word, node, model, top)
    if found is None or not _is_chosen(model, found, nodes):
        return None
    *section, own = found
    where = ".".join(section)
    there = value_at(nodes, section)
    help = f"write `{own}: {text if len(text := inline(node)) <= _LONGEST else '…'}` in `{where}` instead"
    if isinstance(there, MappingNode) and own in there.entries:
        help = f"delete `{word[:64]}`: `{where}` has `{own}` already"
    message = f"unknown field `{word[:64]}` in {place.what}: it belongs to `{where}`"
    return Strayed(report(place.mapping.keys[word].span, "ARC101", message, help=help), found)


def _is_chosen(model: type[BaseModel], path: Sequence[str], nodes: Mapping[str, YamlNode]) -> bool:
    """Whether each choice on the way to a field is that of the spec, such as `adam` for one of its fields."""
    for at in range(1, len(path) - 1):
        section, written = model_at(model, path[:at]), value_at(nodes, path[:at])
        is_written = isinstance(written, MappingNode) and path[at] in written.entries
        if section and issubclass(section, Choice) and not is_written:
            return False
    return True
