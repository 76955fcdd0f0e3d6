"""Differences as a spec with blocks has them: blocks as wholes, calls with other arguments, and changed definitions.

A difference of a layer belongs to the first of these that it fits, so that one change of a spec is one difference:

- a block or stage that only one network has;
- an argument that differs at a call, which explains the fields of layers in it with the same two values;
- a difference of a block's definition, which several uses of the block share, or of a default.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from archc.difference.layers import ChangeKind, LayerDifference, LayerSide, Measured, kind_of, written
from archc.difference.pairing import Pairing
from archc.difference.settings import FieldChange
from archc.graph import Graph, Scope
from archc.language.field_table import as_written
from archc.outline import Part, around, parent

_Paths = Mapping[str, str]
_Calls = Mapping[str, tuple[FieldChange, ...]]


@dataclass(frozen=True)
class Use:
    """A block or stage in one of the networks, with its layers summed up as one layer that gives its value.

    `blocks` are the block itself, or those that are the items of a stage. `reads` are what it reads, by path.
    """

    path: str
    layers: int
    blocks: tuple[Scope, ...]
    reads: tuple[str, ...]
    sum: LayerSide


@dataclass(frozen=True)
class UseDifference:
    """A block or stage that only one network has, or that is used with other arguments (`fields`)."""

    before: Use | None
    after: Use | None
    fields: tuple[FieldChange, ...] = ()

    @property
    def kind(self) -> ChangeKind:
        return kind_of(self.before, self.after)

    @property
    def use(self) -> Use:
        use = self.after or self.before
        assert use is not None
        return use


@dataclass(frozen=True)
class SharedDifference:
    """The same difference of a layer in several uses of a block, or of several layers by a default, without a block."""

    block: str | None
    layers: tuple[LayerDifference, ...]
    uses: tuple[str, ...]
    """The paths of the uses of blocks around the layers."""


@dataclass(frozen=True)
class Digest:
    """All differences of layers: in whole blocks, in definitions, and the `single` ones that are left."""

    uses: tuple[UseDifference, ...]
    shared: tuple[SharedDifference, ...]
    single: tuple[LayerDifference, ...]


def digest(pairing: Pairing, before: Measured, after: Measured, layers: Sequence[LayerDifference]) -> Digest:
    """The differences of layers, as few as a spec with blocks needs to have them."""
    if not (before.graph.scopes or after.graph.scopes):
        return Digest((), (), tuple(layers))
    old = _paired(pairing)
    calls = _calls(old, pairing.before, pairing.after)
    whole = _whole(after.graph, pairing.old), _whole(before.graph, pairing.new)
    uses = [UseDifference(None, _use(after, path)) for path in whole[0]]
    uses += [UseDifference(_use(before, path), None) for path in whole[1]]
    stages = _by_stage(calls, old, after.graph).items()
    uses += [UseDifference(_use(before, old[path]), _use(after, path), fields) for path, fields in stages]
    left = [less for difference in layers if (less := _unexplained(difference, calls, whole))]
    sharing = _Sharing(before.graph, after.graph, left)
    return Digest(tuple(uses), tuple(sharing.shared), tuple(sharing.single))


def _paired(pairing: Pairing) -> dict[str, str]:
    """The old path of each new block or stage: the one with most of its layers."""
    olds, news = pairing.before.scopes, pairing.after.scopes
    votes: dict[str, Counter[str]] = {}
    for old, new in pairing.pairs:
        for before, after in zip(around(old.name), around(new.name), strict=False):
            if (olds[before].block is None) == (news[after].block is None):
                votes.setdefault(after, Counter())[before] += 1
    found: dict[str, str] = {}
    taken: set[str] = set()
    for path in news:
        best = next((before for before, _ in votes.get(path, Counter()).most_common() if before not in taken), None)
        if best is not None:
            found[path] = best
            taken.add(best)
    return found


def _calls(old: _Paths, before: Graph, after: Graph) -> _Calls:
    """The arguments that differ, by the new path of each block, without those that a block around it passes on."""
    found: dict[str, tuple[FieldChange, ...]] = {}
    for path, scope in after.scopes.items():
        arguments = before.scopes[old[path]].arguments if path in old else scope.arguments
        passed = {(field.before, field.after) for outer in around(path) for field in found.get(outer, ())}
        changes = [
            FieldChange(name, as_written(arguments[name]), as_written(value))
            for name, value in scope.arguments.items()
            if name in arguments and arguments[name] != value
        ]
        if changes := [field for field in changes if (field.before, field.after) not in passed]:
            found[path] = tuple(changes)
    return found


def _by_stage(calls: _Calls, old: _Paths, graph: Graph) -> _Calls:
    """The arguments that differ, of a whole stage if they do so in all its blocks."""
    items: dict[str, list[str]] = {}
    for name in (*graph.scopes, *(node.name for node in graph.nodes)):
        items.setdefault(parent(name), []).append(name)
    found: dict[str, tuple[FieldChange, ...]] = {}
    for path, fields in calls.items():
        stage = parent(path)
        alike = stage in old and all(calls.get(item) == fields for item in items[stage])
        found[stage if alike else path] = fields
    return found


def _whole(graph: Graph, paired: _Paths) -> list[str]:
    """The outermost blocks and stages none of whose layers is in the other network."""
    partial = {path for node in graph.nodes if node.name in paired for path in around(node.name)}
    found: dict[str, None] = {}
    for path in graph.scopes:  # each comes before those in it
        if path not in partial and not any(outer in found for outer in around(path)):
            found[path] = None
    return [*found]


def _use(network: Measured, path: str) -> Use:
    graph, layers = network.graph, network.layers_in(path)
    scope = graph.scopes[path]
    items = [item for item in graph.scopes.values() if parent(item.path) == path] if scope.block is None else [scope]
    part = Part(path, [layer.node for layer in layers], [scope])
    return Use(
        path,
        len(layers),
        tuple(item for item in items if item.block is not None),
        tuple(_given_by(name, path, graph) for name in part.inputs),
        summed(layers),
    )


def _given_by(value: str, reader: str, graph: Graph) -> str:
    """The outermost block or stage that gives a value to a reader outside of it; else the layer."""
    outer = [
        path for path in around(value) if graph.scopes[path].output == value and not f"{reader}.".startswith(f"{path}.")
    ]
    return outer[-1] if outer else value


def summed(layers: Sequence[LayerSide]) -> LayerSide:
    """The layers as one with the sums of their costs, which gives the value of the last."""
    return LayerSide(
        layers[-1].node,
        parameters=sum(layer.parameters for layer in layers),
        macs=sum(layer.macs for layer in layers),
        kept=sum(layer.kept for layer in layers),
        exchanged=sum(layer.exchanged for layer in layers),
    )


def _unexplained(
    difference: LayerDifference,
    calls: Mapping[str, tuple[FieldChange, ...]],
    whole: tuple[Container[str], Container[str]],
) -> LayerDifference | None:
    """What neither a whole block nor a call explains; None if nothing is left."""
    outer = [*around(difference.name)]
    if difference.kind != "changed":
        return None if any(path in whole[difference.kind == "removed"] for path in outer) else difference
    passed = {(field.before, field.after) for path in outer for field in calls.get(path, ())}
    fields = tuple(field for field in difference.fields if not passed & {*_values(difference, field)})
    return replace(difference, fields=fields) if fields or difference.reads else None


def _values(difference: LayerDifference, field: FieldChange) -> Iterator[tuple[str | None, str | None]]:
    """A field before and after as a call may pass it: as a value, or as `{times: 6}` from which the value follows."""
    yield field.before, field.after
    assert difference.before is not None and difference.after is not None
    texts = [written(side.node, field.path) for side in (difference.before, difference.after)]
    if all(text and text.startswith("{") for text in texts):
        old, new = (" ".join(text.split()) for text in texts if text)
        yield old, new


class _Sharing:
    """Finds the differences that several layers share: by the definition of a block, or by a default of the spec."""

    def __init__(self, before: Graph, after: Graph, layers: Sequence[LayerDifference]) -> None:
        self._before, self._after = before, after
        sites: dict[Hashable, set[Hashable]] = {}
        for difference in layers:
            for field in difference.fields:
                sites.setdefault(_place(difference, field), set()).add(self._site(difference))
        # What one place of a text changes in several definitions is a default.
        self._defaults = {place for place, some in sites.items() if len(some) > 1}
        self.shared: list[SharedDifference] = []
        self.single: list[LayerDifference] = []
        found: dict[Hashable, list[LayerDifference]] = {}
        for difference in layers:
            for key, part in self._parts(difference):
                found.setdefault(key, []).append(part)
        for key, some in found.items():
            self._add(some, is_default=isinstance(key, FieldChange))

    def _parts(self, difference: LayerDifference) -> Iterator[tuple[Hashable, LayerDifference]]:
        """The difference in parts that other layers may share, each with a key that tells how."""
        general = tuple(field for field in difference.fields if _place(difference, field) in self._defaults)
        for field in general:
            yield field, replace(difference, fields=(field,), reads=False, moved=False)
        own = tuple(field for field in difference.fields if field not in general)
        if own or difference.reads or difference.kind != "changed":
            alike = difference.kind, own, difference.reads, difference.moved
            yield (*alike, *self._site(difference)), replace(difference, fields=own)

    def _site(self, difference: LayerDifference) -> tuple[Hashable, ...]:
        """Where a layer is defined: in a block by its name there, what it reads and its op, else by its name."""
        graph = _home(difference, self._before, self._after)
        path = block_around(difference.name, graph)
        if not path:
            return (difference.name,)
        sides = _in_block(difference.before, self._before), _in_block(difference.after, self._after)
        return graph.scopes[path].block, *sides

    def _add(self, some: Sequence[LayerDifference], *, is_default: bool) -> None:
        if not some[1:]:
            self.single += some
            return
        graph = _home(some[0], self._before, self._after)
        uses = [block_around(one.name, _home(one, self._before, self._after)) for one in some]
        block = None if is_default else graph.scopes[uses[0]].block
        self.shared.append(SharedDifference(block, tuple(some), tuple(uses)))


def _place(difference: LayerDifference, field: FieldChange) -> Hashable:
    """A change of a field, and where it is written in each spec."""
    spans = (side.node.fields.get(field.path) for side in (difference.before, difference.after) if side)
    return field, *(span.start if span else None for span in spans)


def _home(difference: LayerDifference, before: Graph, after: Graph) -> Graph:
    """The network in which a difference has its name."""
    return before if difference.after is None else after


def _in_block(side: LayerSide | None, graph: Graph) -> Hashable:
    """A layer as its block defines it, apart from its fields: its name and what it reads."""
    if side is None:
        return None
    path = block_around(side.node.name, graph)
    return local(side.node.name, path), tuple(local(name, path) for name in side.node.inputs), side.node.op.op


def block_around(name: str, graph: Graph) -> str:
    """The path of the innermost block around a layer; empty if there is none."""
    return next((path for path in around(name) if graph.scopes[path].block is not None), "")


def local(name: str, path: str) -> str:
    """The name of a layer within the block at a path: `input` if it is a value from outside."""
    if not path:
        return name
    return name[len(path) + 1 :] if name.startswith(f"{path}.") else "input"
