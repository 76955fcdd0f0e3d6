"""What a change is about: the paths of values and layers that its target names, or why it names none."""

from __future__ import annotations

from typing import NamedTuple

from archc.diagnostics.finding import Finding
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.language.variants.change import Steps
from archc.language.variants.tree import Path, at, is_layer, layers_of, op_of, step_of
from archc.language.variants.words import EVERY, SECTIONS
from archc.source import Span


class Target(NamedTuple):
    """The paths that a target names, in order; `key` is the last step as it is written."""

    paths: list[Path]
    key: ScalarNode


def steps(node: YamlNode) -> Steps | None:
    """The steps of a path such as `layers.fc6.units`; None if it is not one.

    A path that does not begin with a section begins in `layers`, as the name of a layer does.
    """
    if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
        return None
    names = tuple(node.value.split("."))
    if not all(names):
        return None
    source, start, end = node.span
    is_plain = source.text[start:end] == node.value
    spans: list[Span] = []
    for name in names:
        spans.append(Span(source, start, start + len(name)) if is_plain else node.span)
        start += len(name) + 1
    if names[0] in SECTIONS:
        return Steps(names, tuple(spans))
    return Steps(("layers", *names), (spans[0], *spans))


def values(root: MappingNode, node: YamlNode, *, new: bool = False, layer: bool = False) -> Target | Finding:
    """The values that a path names. With `new`, the last step may be a key that is not written yet; or a `layer`."""
    found = steps(node)
    if found is None:
        from archc.language.mistakes.targets import not_a_path  # only for a mistake, for the time of start-up

        return not_a_path(node)
    named = ("layers", *found.names)
    if layer and len(found.names) == 1 and (at(root, named) is not None or at(root, found.names) is None):
        found = Steps(named, found.spans * 2)  # a layer that is called as a section, or is not there
    paths: list[Path] = [()]
    may_add = new and EVERY not in found.names
    for number, name in enumerate(found.names):
        is_last = number == len(found.names) - 1
        here = [path for before in paths for path in _next(root, before, name, may_add=may_add and is_last)]
        if not here:
            from archc.language.mistakes.targets import nothing_at  # as above

            return nothing_at(root, found, number, paths, new=new, layer=layer)
        paths = here
    return Target(paths, ScalarNode(found.names[-1], found.spans[-1]))


def layers(root: MappingNode, node: YamlNode) -> Target | Finding:
    """The layers that a name or an op names; those of blocks and stages included, if it is an op."""
    if not isinstance(node, MappingNode):
        found = values(root, node, layer=True)
        if isinstance(found, Finding) or all(map(is_layer, found.paths)):
            return found
        from archc.language.mistakes.targets import not_a_layer  # only for a mistake, for the time of start-up

        return not_a_layer(root, node, found.paths[0])
    op = node.entries.get("op")
    word = op.value if isinstance(op, ScalarNode) and len(node.entries) == 1 else None
    paths = [path for path, body in layers_of(root) if word is not None and op_of(body) == word]
    if op is None or not paths:
        from archc.language.mistakes.targets import no_layer_of  # as above

        return no_layer_of(root, node, word)
    return Target(paths, ScalarNode(str(word), op.span))


def _next(root: MappingNode, path: Path, name: str, *, may_add: bool) -> list[Path]:
    """The paths one step further."""
    node = at(root, path)
    if name == EVERY:
        items = map(str, range(len(node.items))) if isinstance(node, SequenceNode) else ()
        return [(*path, key) for key in (node.entries if isinstance(node, MappingNode) else items)]
    step = step_of(node, name) or (name if may_add and isinstance(node, MappingNode) else None)
    return [] if step is None else [(*path, step)]
