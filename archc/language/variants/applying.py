"""Applies changes to the nodes of a spec, one after another. A change that names nothing is a finding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from archc.diagnostics.finding import Finding, report
from archc.language.reader import (
    MAX_DEPTH,
    MAX_ENTRIES,
    MAX_NODES,
    MappingNode,
    ScalarNode,
    SequenceNode,
    YamlNode,
)
from archc.language.variants.change import Change
from archc.language.variants.targets import Target, layers, steps, values
from archc.language.variants.tree import Path, at, edited, height, inserted, is_layer, size

_LIMIT = "ARC003"
MOST_WORK = 5_000_000
"""Changes times layers of the network: 50 changes of 100,000 layers."""
KEPT = ("from", "expect")
"""The fields of a layer that stay when it is replaced, unless the new one has its own."""


@dataclass
class Applied:
    """A spec with changes, and the findings on those that could not be applied.

    `before` has, for each change, the nodes that it replaced or removed, by path. `added` counts new values, and `work`
    the layers that all changes have looked at.
    """

    root: MappingNode
    findings: list[Finding] = field(default_factory=list[Finding])
    before: list[dict[Path, YamlNode]] = field(default_factory=list["dict[Path, YamlNode]"])
    added: int = 0
    work: int = 0

    def note(self, path: Path) -> None:
        """Note what is at a path, before the last change changes it."""
        if (node := at(self.root, path)) is not None:
            self.before[-1].setdefault(path, node)

    def edit(self, edits: Mapping[Path, YamlNode | None], key: ScalarNode) -> None:
        """Put values at paths, or remove what is there."""
        for path in edits:
            self.note(path)
        self.root = cast(MappingNode, edited(self.root, edits, key))


def applied(base: MappingNode, changes: tuple[Change, ...]) -> Applied:
    """The spec with all changes that can be applied."""
    done = Applied(base)
    for change in changes:
        done.before.append({})
        done.work += _layers(done.root)
        if done.work > MOST_WORK:
            help = "write the network as a spec of its own"
            done.findings.append(report(change.span, _LIMIT, "too many changes of too many layers", help=help))
            break
        if finding := _VERBS[change.verb](done, change):
            done.findings.append(_removed_before(finding, change, changes, done))
            if finding.code == _LIMIT:  # which all further changes would exceed as well
                break
    return done


def _layers(root: MappingNode) -> int:
    layers = root.entries.get("layers")
    return _count(layers) if isinstance(layers, (MappingNode, SequenceNode)) else 0


def _removed_before(finding: Finding, change: Change, changes: tuple[Change, ...], done: Applied) -> Finding:
    """The finding on a change that matches nothing, with the earlier change that removes what it names, if one does."""
    found = steps(change.target)
    for other, before in zip(changes, done.before, strict=False):
        if found is not None and other.verb == "remove" and any(found.names[: len(path)] == path for path in before):
            help = "delete one of the two changes"
            return finding._replace(help=help, related=((other.span, "this change removes it"),), fix=())
    return finding


def _set(done: Applied, change: Change) -> Finding | None:
    assert change.value is not None
    if change.expects and "expect" not in done.root.entries:
        section: dict[Path, YamlNode | None] = {("expect",): MappingNode({}, {}, change.span)}
        done.edit(section, ScalarNode("expect", change.target.span))
    target = values(done.root, change.target, new=True)
    if isinstance(target, Finding):
        return target
    if is_layer(target.paths[0]):
        from archc.language.mistakes.targets import is_a_layer  # only for a mistake, for the time of start-up

        return is_a_layer(done.root, change, target.paths[0])
    if finding := _too_large(done, change, target):
        return finding
    done.edit(dict.fromkeys(target.paths, change.value), target.key)
    return None


def _replace(done: Applied, change: Change) -> Finding | None:
    target = layers(done.root, change.target)
    if isinstance(target, Finding):
        return target
    if isinstance(change.value, ScalarNode):
        from archc.language.mistakes.changes import not_a_body  # as above

        return not_a_body(change)
    if finding := _too_large(done, change, target):
        return finding
    assert change.value is not None
    done.edit({path: _in_place_of(at(done.root, path), change.value) for path in target.paths}, target.key)
    return None


def _in_place_of(old: YamlNode | None, new: YamlNode) -> YamlNode:
    """A layer with what stays of the one that it replaces."""
    if not isinstance(old, MappingNode) or not isinstance(new, MappingNode):
        return new
    kept = [word for word in KEPT if word in old.entries and word not in new.entries]
    entries = {**new.entries, **{word: old.entries[word] for word in kept}}
    return new._replace(entries=entries, keys={**new.keys, **{word: old.keys[word] for word in kept}})


def _remove(done: Applied, change: Change) -> Finding | None:
    is_op = isinstance(change.target, MappingNode)
    target = layers(done.root, change.target) if is_op else values(done.root, change.target)
    if isinstance(target, Finding):
        return target
    done.edit(dict.fromkeys(target.paths), target.key)
    return None


def _insert(done: Applied, change: Change) -> Finding | None:
    target = layers(done.root, change.target)
    if isinstance(target, Finding):
        return target
    new, beside = change.value, at(done.root, target.paths[0][:-1])
    is_list = isinstance(beside, SequenceNode)
    fits = isinstance(new, SequenceNode if is_list else MappingNode) and _count(new) > 0
    taken = _taken(done.root, new, beside)
    if not fits or taken or len(target.paths) > 1:
        from archc.language.mistakes.changes import not_insertable  # as above

        return not_insertable(change, taken, is_list=is_list, several=len(target.paths) > 1)
    assert isinstance(new, (MappingNode, SequenceNode))
    assert isinstance(beside, (MappingNode, SequenceNode))
    if _count(new) + _count(beside) > MAX_ENTRIES:
        message = f"more than {MAX_ENTRIES:,} entries in one mapping or list"
        return report(change.span, _LIMIT, message, help="describe a smaller network")
    if finding := _too_large(done, change, target):
        return finding
    done.root = cast(MappingNode, inserted(done.root, target.paths[0], new, after=change.after))
    return None


def _taken(root: MappingNode, new: YamlNode | None, beside: YamlNode | None) -> list[ScalarNode]:
    """The keys of new layers whose names are taken."""
    if not isinstance(new, MappingNode) or not isinstance(beside, MappingNode):
        return []
    return [key for name, key in new.keys.items() if name in beside.entries]


def _count(node: MappingNode | SequenceNode) -> int:
    return len(node.entries if isinstance(node, MappingNode) else node.items)


def _too_large(done: Applied, change: Change, target: Target) -> Finding | None:
    """The finding on a change that gives more values than a spec may have, or deeper ones."""
    assert change.value is not None
    done.added += len(target.paths) * size(change.value)
    if done.added > MAX_NODES:
        message = f"more than {MAX_NODES:,} values; a change counts once for each place that it changes"
        return report(change.span, _LIMIT, message, help="describe a smaller network")
    if max(map(len, target.paths)) + height(change.value) > MAX_DEPTH:
        return report(change.span, _LIMIT, f"nested more than {MAX_DEPTH} levels deep", help="use a flatter value")
    return None


_VERBS: dict[str, Callable[[Applied, Change], Finding | None]] = {
    "set": _set,
    "replace": _replace,
    "remove": _remove,
    "insert": _insert,
}
