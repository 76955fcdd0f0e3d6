"""Names of removed layers that are still used: each is reported at the change that removes the layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from archc.diagnostics.finding import Finding, report
from archc.language.reader import MappingNode, ScalarNode, SequenceNode, YamlNode
from archc.language.variants.applying import Applied
from archc.language.variants.change import Change
from archc.language.variants.tree import Path, at, bodies, scopes


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
        for use in _uses(result.root, scope, layers):
            path = (*scope, str(use.node.value).partition(".")[0])
            if path in removed:
                found.append(_finding(removed[path], path, use, _read_by(base, path)))
    return found


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


def _finding(change: Change, path: Path, use: _Use, instead: str | None) -> Finding:
    name = path[-1]
    *owner, last = use.path
    user = ".".join(owner[1:] if owner[:1] == ["layers"] else owner) or "`outputs`"
    message = f"{user} {'reads' if last == 'from' else 'lists'} {name}, which this change removes"
    help = f"change that, too: `{{set: {'.'.join(use.path)}, to: {_written(use, name, instead or '…')}}}`"
    related = [(use.node.span, f"{name} is named here")]
    return report(change.target.span, "ARC107", message, help=help, related=related)


def _written(use: _Use, name: str, instead: str) -> str:
    """The value with another name in the place of one."""
    if not isinstance(use.whole, SequenceNode):
        return instead
    names = [str(item.value) for item in use.whole.items if isinstance(item, ScalarNode)]
    return f"[{', '.join(dict.fromkeys(instead if each.partition('.')[0] == name else each for each in names))}]"
