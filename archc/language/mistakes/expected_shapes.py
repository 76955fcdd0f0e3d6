"""The shapes that layers are expected to have, in other forms than `expect: [8, 30, 30]` in the layer itself."""

from __future__ import annotations

from collections.abc import Container

from archc.diagnostics.finding import Finding, report
from archc.language.mistakes.input_forms import as_written, by_axes, sizes_in
from archc.language.reader import MappingNode, ScalarNode, YamlNode

_MOST_AXES = 4
_MOST_SHOWN = 4


def not_a_shape(node: YamlNode) -> Finding:
    """The finding for the value of a layer's `expect`, with the shape that it must mean."""
    message = "`expect` must be a shape: [channels, height, width] or [units]"
    sizes = sizes_of(node)
    # Maps are square more often than they are as many as they are high.
    if sizes and len(sizes) == 3 and sizes[0] == sizes[1] != sizes[2]:
        sizes = [sizes[2], *sizes[:2]]
    # What is expected is never changed by a fix.
    return report(node.span, "ARC104", message, help=f"write `expect: {as_written(sizes)}`" if sizes else None)


def shapes_apart(expect: MappingNode, layers: Container[str]) -> tuple[MappingNode, list[Finding]]:
    """The spec's `expect` without shapes of layers, which belong to these, and the finding."""
    named = [name for name in expect.entries if name in layers]
    if not named:
        return expect, []
    shapes = {name: sizes_of(expect.entries[name]) for name in named[:_MOST_SHOWN]}
    texts = [f"{name}: {{…, expect: {as_written(sizes) if sizes else '[…]'}}}" for name, sizes in shapes.items()]
    first, *others = [expect.keys[name].span for name in named]
    it, layer = ("it", "its layer") if not others else ("them", "their layers")
    more = ", …" if len(named) > _MOST_SHOWN else ""
    message = f"unknown field `{named[0]}` in the spec's `expect`: it is a layer"
    help = f"write {it} in {layer}: `{', '.join(texts)}{more}`"
    found = report(first, "ARC101", message, help=help, related=[(span, "") for span in others])
    return expect._replace(entries={name: node for name, node in expect.entries.items() if name not in named}), [found]


def sizes_of(node: YamlNode) -> list[int] | None:
    """The sizes that a node lists, without those of a batch that may be of any size."""
    found = by_axes(node) if isinstance(node, MappingNode) else sizes_in(node)
    if isinstance(node, ScalarNode) and isinstance(node.value, str) and node.value.isascii() and node.value.isdigit():
        found = [int(node.value[:18])]
    if found is None:
        return None
    found = found[1:] if len(found) > 1 and found[0] in (None, "None", -1) else found
    whole = [int(size) if isinstance(size, str) and size.isascii() and size.isdigit() else size for size in found]
    sizes = [size for size in whole if type(size) is int and size > 0]
    return sizes if len(sizes) == len(found) <= _MOST_AXES else None
