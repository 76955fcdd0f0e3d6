"""Nodes changed at a path, as copies: what is not on the path is shared, and nodes behind an alias stay apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode

Path = tuple[str, ...]
Value = TypeVar("Value")


def child(node: YamlNode | None, step: str) -> YamlNode | None:
    """The value of a key, or the item of a number."""
    if isinstance(node, MappingNode):
        return node.entries.get(step)
    if isinstance(node, SequenceNode) and step.isdecimal() and len(step) < 7 and int(step) < len(node.items):
        return node.items[int(step)]
    return None


def at(root: YamlNode, path: Path) -> YamlNode | None:
    """The node at a path."""
    node: YamlNode | None = root
    for step in path:
        node = child(node, step)
    return node


def numbers(stage: SequenceNode) -> list[int]:
    """The number of each item in the names of layers: a use of a block with `repeat` takes as many numbers."""
    found, number = list[int](), 0
    for item in stage.items:
        found.append(number)
        repeat = item.entries.get("repeat") if isinstance(item, MappingNode) else None
        value = repeat.value if isinstance(repeat, ScalarNode) else None
        number += value if isinstance(value, int) and value > 0 else 1
    return found


def step_of(node: YamlNode | None, name: str) -> str | None:
    """The step of a path that a name stands for: of an item, its place in the list; None if there is none."""
    if isinstance(node, SequenceNode):
        places = {str(number): str(place) for place, number in enumerate(numbers(node))}
        return places.get(name)
    return name if child(node, name) is not None else None


def path_of(root: YamlNode, names: Path) -> Path | None:
    """The path that names stand for, one step after another; None if there is nothing."""
    path: list[str] = []
    node: YamlNode | None = root
    for name in names:
        step = step_of(node, name)
        if step is None:
            return None
        path.append(step)
        node = child(node, step)
    return tuple(path)


def name_of(root: YamlNode, path: Path) -> str:
    """A path as it is written, with the numbers that items have in the names of layers."""
    names: list[str] = []
    for step in path:
        is_item = isinstance(root, SequenceNode) and step.isdecimal() and int(step) < len(root.items)
        names.append(str(numbers(root)[int(step)]) if is_item and isinstance(root, SequenceNode) else step)
        root = child(root, step) or ScalarNode(None, root.span)
    return ".".join(names)


def edited(root: YamlNode, edits: Mapping[Path, YamlNode | None], key: ScalarNode) -> YamlNode:
    """The tree with other values at some paths, or without what is there. A key that is new is written at `key`.

    All edits are made at once, so that an edit of every layer takes no longer than a copy of the layers.
    """
    if () in edits:
        value = edits[()]
        assert value is not None
        return value
    groups: dict[str, dict[Path, YamlNode | None]] = {}
    for (first, *others), value in edits.items():
        groups.setdefault(first, {})[tuple(others)] = value
    gone = {step for step, inner in groups.items() if inner == {(): None}}
    values = {step: edited(child(root, step) or root, inner, key) for step, inner in groups.items() if step not in gone}
    if isinstance(root, MappingNode):
        entries = {name: node for name, node in {**root.entries, **values}.items() if name not in gone}
        return root._replace(entries=entries, keys={name: root.keys.get(name, key) for name in entries})
    assert isinstance(root, SequenceNode)
    items = [values.get(str(number), item) for number, item in enumerate(root.items) if str(number) not in gone]
    return root._replace(items=items)


def inserted(root: YamlNode, path: Path, new: YamlNode, *, after: bool) -> YamlNode:
    """The tree with the entries or items of `new` before or after the one at a path."""
    return _changed(root, path, lambda parent, step: _beside(parent, step, new, after=after))


def is_layer(path: Path) -> bool:
    """Whether a path is that of a layer, an item of a stage, or a stage, and not of a value in a layer."""
    inside = path[2:] if path[:1] == ("blocks",) else path
    return inside[:1] == ("layers",) and len(inside) > 1 and all(step.isdecimal() for step in inside[2:])


def bodies(layers: YamlNode | None, path: Path) -> Iterator[tuple[Path, MappingNode]]:
    """The path and the body of each layer in a section `layers`, those of its stages included."""
    children = (
        layers.entries.items()
        if isinstance(layers, MappingNode)
        else ((str(number), item) for number, item in enumerate(layers.items))
        if isinstance(layers, SequenceNode)
        else ()
    )
    for name, body in children:
        if isinstance(body, MappingNode):
            yield (*path, name), body
        else:
            yield from bodies(body, (*path, name))


def scopes(root: MappingNode) -> Iterator[tuple[Path, YamlNode]]:
    """The sections `layers` of a spec: that of the network, and those of its blocks."""
    if (layers := root.entries.get("layers")) is not None:
        yield ("layers",), layers
    blocks = root.entries.get("blocks")
    for name in blocks.entries if isinstance(blocks, MappingNode) else ():
        if (layers := at(root, ("blocks", name, "layers"))) is not None:
            yield ("blocks", name, "layers"), layers


def layers_of(root: MappingNode) -> Iterator[tuple[Path, MappingNode]]:
    """The path and the body of each layer of a spec, those of its blocks included."""
    for path, layers in scopes(root):
        yield from bodies(layers, path)


def without_expectations(root: MappingNode) -> MappingNode:
    """The spec without the totals and the shapes that it expects."""
    entries = {name: _unexpecting(node, name) for name, node in root.entries.items() if name != "expect"}
    return root._replace(entries=entries, keys={name: root.keys[name] for name in entries})


def _unexpecting(section: YamlNode, name: str) -> YamlNode:
    if name == "blocks" and isinstance(section, MappingNode):
        return section._replace(entries={block: _without_shapes(body) for block, body in section.entries.items()})
    return _without_shapes(section) if name == "layers" else section


def _without_shapes(node: YamlNode) -> YamlNode:
    """The layers below a mapping or a stage without the shapes that they expect."""
    if isinstance(node, SequenceNode):
        return node._replace(items=[_without_shapes(item) for item in node.items])
    if not isinstance(node, MappingNode):
        return node
    if "op" in node.entries or "block" in node.entries:
        entries = {name: value for name, value in node.entries.items() if name != "expect"}
        return node._replace(entries=entries, keys={name: node.keys[name] for name in entries})
    return node._replace(entries={name: _without_shapes(value) for name, value in node.entries.items()})


def op_of(body: MappingNode) -> object:
    """The op of a layer as it is written; None for a use of a block."""
    op = body.entries.get("op")
    return op.value if isinstance(op, ScalarNode) else None


def size(node: YamlNode) -> int:
    """The number of values in a node."""
    match node:
        case ScalarNode():
            return 1
        case SequenceNode():
            return 1 + sum(map(size, node.items))
        case MappingNode():
            return 1 + sum(map(size, node.entries.values()))


def height(node: YamlNode) -> int:
    """The levels of nesting in a node."""
    match node:
        case ScalarNode():
            return 0
        case SequenceNode():
            return 1 + max(map(height, node.items), default=0)
        case MappingNode():
            return 1 + max(map(height, node.entries.values()), default=0)


def _changed(node: YamlNode, path: Path, change: Callable[[YamlNode, str], YamlNode]) -> YamlNode:
    first, *others = path
    if not others:
        return change(node, first)
    inner = child(node, first)
    assert inner is not None
    value = _changed(inner, tuple(others), change)
    if isinstance(node, MappingNode):
        return node._replace(entries={**node.entries, first: value})
    assert isinstance(node, SequenceNode)
    return node._replace(items=[*node.items[: int(first)], value, *node.items[int(first) + 1 :]])


def _beside(parent: YamlNode, step: str, new: YamlNode, *, after: bool) -> YamlNode:
    if isinstance(parent, SequenceNode):
        assert isinstance(new, SequenceNode)
        place = int(step) + after
        return parent._replace(items=[*parent.items[:place], *new.items, *parent.items[place:]])
    assert isinstance(parent, MappingNode)
    assert isinstance(new, MappingNode)
    place = [*parent.entries].index(step) + after
    return parent._replace(
        entries=_spliced(parent.entries, new.entries, place), keys=_spliced(parent.keys, new.keys, place)
    )


def _spliced(old: Mapping[str, Value], new: Mapping[str, Value], place: int) -> dict[str, Value]:
    items = [*old.items()]
    return dict([*items[:place], *new.items(), *items[place:]])
