"""Names of removed layers that are still used: each is reported at the change that removes the layer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from archc.diagnostics.finding import Finding, report
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.language.variants.applying import Applied
from archc.language.variants.change import Change
from archc.language.variants.tree import Path, at, bodies, name_of, scopes


class _Use(NamedTuple):
    """A name of a layer: where it is, the value of which it is a part, and the path of that value."""

    node: ScalarNode
    whole: YamlNode
    path: Path


def dangling(base: MappingNode, result: Applied, changes: tuple[Change, ...]) -> list[Finding]:
    """The findings on layers that are removed, and named elsewhere."""
    removed = {
        path: change
        for change, before in zip(changes, result.before, strict=True)
        if change.verb == "remove"
        for path in before
        if at(result.root, path) is None
    }
    found: list[Finding] = []
    for scope, layers in scopes(result.root) if removed else ():
        instead = {path[-1]: _before(base, path, removed.keys()) for path in removed if path[:-1] == scope}
        for use in _uses(result.root, scope, layers):
            name = _stem(use.node)
            if name in instead:
                found.append(_finding(result.root, removed[*scope, name], name, use, instead))
    return found


def _stem(node: ScalarNode) -> str:
    """The layer that a name begins with: an item of a stage goes with the stage."""
    return str(node.value).partition(".")[0]


def _before(base: MappingNode, path: Path, removed: Collection[Path]) -> str | None:
    """What a removed layer of the base reads that is not removed itself."""
    name, seen = _read_by(base, path), {path[-1]}
    while name is not None and name not in seen and (*path[:-1], name) in removed:
        seen.add(name)
        name = _read_by(base, (*path[:-1], name))
    return None if name in seen else name


def _uses(root: MappingNode, scope: Path, layers: YamlNode) -> Iterator[_Use]:
    """The names of layers in a scope."""
    wholes = [((*path, "from"), body.entries.get("from")) for path, body in bodies(layers, scope)]
    if scope == ("layers",):
        wholes.append((("outputs",), root.entries.get("outputs")))
    for path, whole in wholes:
        items = whole.items if isinstance(whole, SequenceNode) else [whole]
        for item in items:
            if whole is not None and isinstance(item, ScalarNode):
                yield _Use(item, whole, path)


def _read_by(base: MappingNode, path: Path) -> str | None:
    """What a layer of the base reads: the name to write instead of its own."""
    layers = at(base, path[:-1])
    if not isinstance(layers, MappingNode) or path[-1] not in layers.entries:
        return None
    body = layers.entries[path[-1]]
    own = body.entries.get("from") if isinstance(body, MappingNode) else None
    if own is not None:
        return str(own.value) if isinstance(own, ScalarNode) else None
    names = [*layers.entries]
    place = names.index(path[-1])
    if place:
        return names[place - 1]
    inputs = base.entries.get("input")
    first = next(iter(inputs.entries), None) if isinstance(inputs, MappingNode) else None
    return first if path[:-1] == ("layers",) else "input"


def _finding(root: MappingNode, change: Change, name: str, use: _Use, instead: Mapping[str, str | None]) -> Finding:
    *owner, last = use.path
    user = name_of(root, tuple(owner)).removeprefix("layers.") or "`outputs`"
    message = f"{user} {'reads' if last == 'from' else 'lists'} {name}, which this change removes"
    help = f"change that, too: `{{set: {name_of(root, use.path)}, to: {_written(use.whole, instead)}}}`"
    related = [(use.node.span, f"{name} is named here")]
    return report(change.target.span, "ARC107", message, help=help, related=related)


def _written(whole: YamlNode, instead: Mapping[str, str | None]) -> str:
    """The value with other names in the place of those of removed layers."""
    items = whole.items if isinstance(whole, SequenceNode) else [whole]
    scalars = [item for item in items if isinstance(item, ScalarNode)]
    names = [(instead[_stem(node)] or "…") if _stem(node) in instead else str(node.value) for node in scalars]
    return f"[{', '.join(dict.fromkeys(names))}]" if isinstance(whole, SequenceNode) else names[0]
