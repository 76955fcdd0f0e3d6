"""Layers inside a layer, as blocks of other frameworks: their names in `layers`, which is flat."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from archc.diagnostics.finding import Finding, report
from archc.language.defaults import op_word
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode

_SECTION = "layers"
_MOST_SHOWN = 4
_LONGEST = 64


def nested_layers(name: str, body: MappingNode, at: ScalarNode) -> Finding | None:
    """The finding for a layer that is a block of layers; None if it contains none."""
    if any(isinstance(inner, SequenceNode) and _is_stage(inner) for inner in body.entries.values()):
        help = f"write the list alone: `{name}: [{{op: …}}, {{op: …}}]`, or define a block with its layers in `blocks`"
        return report(at.span, "ARC103", f"{name} contains layers, as only blocks and lists do", help=help)
    found = list(islice(_layers_in(body, () if name == _SECTION else (name,)), _MOST_SHOWN + 1))
    if not found:
        return None
    names = ["_".join(path)[:_LONGEST] for path in found[:_MOST_SHOWN]]
    more = ", …" if len(found) > _MOST_SHOWN else ""
    flat = f"`{', '.join(f'{each}: …' for each in names)}{more}`"
    help = f"define a block with its layers in `blocks`, and use it here, or write each in `layers`, such as {flat}"
    return report(at.span, "ARC103", f"{name} contains layers, as only blocks and lists do", help=help)


def _layers_in(body: MappingNode, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The paths of the layers in a mapping that is not a layer itself; the reader bounds the depth."""
    for name, inner in body.entries.items():
        if not isinstance(inner, MappingNode):
            continue
        # A word such as `layers` or `modules` around them is not part of their names.
        below = path if name in (_SECTION, "modules") else (*path, name)
        if _is_layer(inner):
            yield (*path, name)
        elif op_word(inner) is None:
            yield from _layers_in(inner, below)


def _is_stage(node: SequenceNode) -> bool:
    return any(isinstance(item, MappingNode) and _is_layer(item) for item in node.items)


def _is_layer(body: MappingNode) -> bool:
    word = op_word(body)
    node: YamlNode | None = body.entries[word] if word else None
    return isinstance(node, ScalarNode) and isinstance(node.value, str)
