"""The order of fields in a mapping: that of the classes of the language."""

from __future__ import annotations

from collections.abc import Iterable

from archc.language.fields import field_names, model_at
from archc.language.reader import MappingNode, ScalarNode, YamlNode
from archc.language.spec import Spec
from archc.language.variants.words import FORMS, OF_VARIANT
from archc.ops import ops

_BLOCK = ("takes", "layers")
_CALL = ("block", "repeat", "from")
HEADER = ("schema", "extends", "name", "title", "input")
"""The sections at the top, with no blank line between them."""


def in_order(keys: Iterable[str], path: tuple[str, ...], node: MappingNode) -> list[str]:
    """The keys of the mapping at `path`, in canonical order. Unknown keys come last, in their own order."""
    if _is_inside_layers(path) and (len(path) == 2 or _is_layer(node)):
        if "block" in node.entries:
            return _sorted(keys, _CALL, last="expect")
        return _sorted(keys, ("op", "from", *_fields_of_op(node.entries.get("op"))), last="expect")
    if path[-2:] == ("change", "-"):
        return _sorted(keys, (word for verb, beside in FORMS.items() for word in (verb, *beside)))
    if path[:1] == ("variants",) and len(path) == 2:
        return _sorted(keys, OF_VARIANT)
    if _is_inside_changes(path) and _is_layer(node):
        return _sorted(keys, ("op", "from", *_fields_of_op(node.entries.get("op"))), last="expect")
    if path[:1] == ("blocks",):
        return _sorted(keys, _BLOCK) if len(path) == 2 else list(keys)
    if path[:1] == ("defaults",) and len(path) == 2:
        return _sorted(keys, _fields_of_op(path[1]))
    # The order of the layers has a meaning. The ops in `defaults`, and nested values, have no canonical order.
    return (
        list(keys)
        if path[:1] in (("layers",), ("defaults",), ("change",), ("variants",))
        else _sorted(keys, field_names(model_at(Spec, path)))
    )


def _is_inside_layers(path: tuple[str, ...]) -> bool:
    """Whether a path is that of a layer of the network or of a block, or inside of one."""
    inside = path[2:] if path[:1] == ("blocks",) else path
    return inside[:1] == ("layers",) and len(inside) > 1


def _is_inside_changes(path: tuple[str, ...]) -> bool:
    """Whether a path is inside of a change: of a layer that it replaces or inserts, or of a value."""
    return path[:2] == ("change", "-") or (path[:1] == ("variants",) and path[2:4] == ("change", "-"))


def _is_layer(node: MappingNode) -> bool:
    """Whether a mapping is a layer or an item of a stage, and not the value of a field."""
    return any(isinstance(node.entries.get(word), ScalarNode) for word in ("op", "block"))


def _sorted(keys: Iterable[str], known: Iterable[str], last: str | None = None) -> list[str]:
    rank = {key: place for place, key in enumerate(dict.fromkeys(known))}
    return sorted(keys, key=lambda key: (key == last, rank.get(key, len(rank))))


def _fields_of_op(op: YamlNode | str | None) -> tuple[str, ...]:
    name = op.value if isinstance(op, ScalarNode) else op
    found = ops().get(name) if isinstance(name, str) else None
    return (*found.leading, *found.model_fields) if found else ()
