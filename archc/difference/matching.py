"""Matching the layers of two networks: by name, or, for renamed layers, by op, fields and position.

Several ways are tried, and the one with the smallest difference wins: names first; or the longest sequence of equal ops
first, which recognises names that were given to other layers; or the longest sequence of layers of the same blocks with
the same arguments, which recognises blocks whose definitions changed. The time is linear in the layers, except for a
sort.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from archc.difference.alignment import aligned
from archc.difference.pairing import Pairing
from archc.difference.wires import Wires, reads, wires
from archc.graph import Graph, Node
from archc.outline import around

_Kind = Callable[[Node], Hashable]
"""The properties that two layers at the same position must share to be matched."""


@dataclass(frozen=True)
class Matching:
    """The pairs of layers of two networks, and those whose inputs differ."""

    pairing: Pairing
    wires: Wires

    @property
    def cost(self) -> tuple[int, int]:
        """The size of the difference: unpaired and changed layers and outputs first, then renamed layers."""
        pairing, pairs = self.pairing, self.pairing.pairs
        changed = sum(old.op != new.op or new.name in self.wires.changed for old, new in pairs)
        outputs = [pairing.new.get(name) for name in pairing.before.outputs] != [*pairing.after.outputs]
        renamed = sum(old.name != new.name for old, new in pairs)
        return len(pairing.removed) + len(pairing.added) + changed + outputs, renamed

    def mirrored(self) -> Matching:
        """The same matching with the two networks exchanged."""
        old = self.pairing.old
        changed, moved = (frozenset(old[name] for name in names) for names in (self.wires.changed, self.wires.moved))
        return Matching(self.pairing.mirrored(), Wires(changed, moved))


def match(before: Graph, after: Graph) -> Matching:
    """The best matching. It does not depend on which network comes first, even if several are equally good."""
    if _spelled(after) < _spelled(before):
        return _match(after, before).mirrored()
    return _match(before, after)


def _spelled(graph: Graph) -> list[tuple[str, tuple[str, ...], str]]:
    return [(node.name, node.inputs, node.op.model_dump_json()) for node in graph.nodes]


def _match(before: Graph, after: Graph) -> Matching:
    by_name = Pairing(before, after)
    _join_named(by_name, any_op=False)
    named = _matched(by_name)
    if not named.cost[0]:  # only names differ, so no other matching can be better
        return named
    ways = [_by_op, _by_place] if before.scopes and after.scopes else [_by_op]
    others = [_matched(Pairing(before, after, _in_sequence(before, after, way))) for way in ways]
    return min([named, *others], key=lambda matching: matching.cost)


def _matched(pairing: Pairing) -> Matching:
    _complete(pairing)
    return Matching(pairing, wires(pairing))


def _in_sequence(before: Graph, after: Graph, way: Callable[[Graph, Node], Hashable]) -> list[tuple[str, str]]:
    """The longest common sequence of layers that are equal in a way."""
    numbers: dict[Hashable, int] = {}
    a, b = ([numbers.setdefault(way(graph, node), len(numbers)) for node in graph.nodes] for graph in (before, after))
    return _named_alike(before, after, [(before.nodes[i].name, after.nodes[j].name) for i, j in aligned(a, b)])


def _named_alike(before: Graph, after: Graph, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pairs, with layers of the same name and place where either of two equal blocks may be the one that is new."""
    if not (before.scopes and after.scopes):
        return pairs
    places = [{node.name: _by_place(graph, node) for node in graph.nodes} for graph in (before, after)]
    olds, news = {old for old, _ in pairs}, {new for _, new in pairs}
    found: list[tuple[str, str]] = []
    for old, new in pairs:
        place = places[0][old]
        if old != new and old not in news and places[1].get(old) == place == places[1][new]:
            news.remove(new)
            news.add(old)
            found.append((old, old))
        elif old != new and new not in olds and places[0].get(new) == place == places[1][new]:
            olds.remove(old)
            olds.add(new)
            found.append((new, new))
        else:
            found.append((old, new))
    return found


def _by_op(_: Graph, node: Node) -> Hashable:
    return node.op


def _by_place(graph: Graph, node: Node) -> Hashable:
    """The layer of a block, whatever its fields are, and the arguments of the block; outside of blocks, the op."""
    for path in around(node.name):
        scope = graph.scopes[path]
        if scope.block is not None:
            return scope.block, str(scope.arguments), node.name[len(path) :]
    return node.op


def _complete(pairing: Pairing) -> None:
    """Pair the remaining layers: equal layers at one position, then equal names, then equal ops at one position."""
    _join_placed(pairing, lambda node: node.op)
    _join_named(pairing, any_op=True)
    _join_placed(pairing, lambda node: node.op.op)


def _join_named(pairing: Pairing, *, any_op: bool) -> None:
    free = {node.name: node for node in pairing.removed}
    for node in pairing.added:
        old = free.get(node.name)
        if old is not None and (any_op or old.op.op == node.op.op):
            pairing.join(old.name, node.name)


def _join_placed(pairing: Pairing, kind: _Kind) -> None:
    """Pair layers with the same inputs, from the first layer on; then layers with the same readers, from the last."""
    places: dict[str, Hashable] = {n.name: (kind(n), reads(n, n.inputs)) for n in pairing.removed}
    _join(pairing, pairing.added, places, lambda node: _mapped_inputs(pairing, node, kind))
    places = {n.name: (kind(n), _readers(n, pairing.before)) for n in reversed(pairing.removed)}
    _join(pairing, pairing.added[::-1], places, lambda node: _mapped_readers(pairing, node, kind))


def _mapped_inputs(pairing: Pairing, node: Node, kind: _Kind) -> Hashable:
    """The position of an added layer in the old network, by its inputs. None if an input is new too."""
    names = [pairing.old.get(name) for name in node.inputs]
    return None if None in names else (kind(node), reads(node, names))


def _mapped_readers(pairing: Pairing, node: Node, kind: _Kind) -> Hashable:
    """The position of an added layer in the old network, by its readers. None if a reader is new too."""
    names = {pairing.old.get(name) for name in _readers(node, pairing.after)}
    return None if None in names else (kind(node), frozenset(names))


def _readers(node: Node, graph: Graph) -> frozenset[str]:
    return frozenset(reader.name for reader in graph.readers[node.name])


def _join(pairing: Pairing, added: list[Node], places: dict[str, Hashable], place_of: _Kind) -> None:
    """Pair each added layer with a removed layer at the same position: the one of the same name, or the first."""
    waiting: dict[Hashable, deque[str]] = defaultdict(deque)
    for name, place in places.items():
        waiting[place].append(name)
    for node in added:
        place = place_of(node)
        names = waiting.get(place) if place is not None else None
        while names and names[0] in pairing.new:
            names.popleft()
        if names:
            twin = node.name not in pairing.new and places.get(node.name) == place
            pairing.join(node.name if twin else names[0], node.name)
