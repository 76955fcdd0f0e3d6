"""Which layer of one network is which of the other: by name, and where names have changed by op, fields and place.

Two ways are tried, and the one kept by which less differs: names first, or the longest sequence of equal ops first,
which sees through names that were given to other layers. Linear in layers, but for the logarithm of a sort.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from archc.difference.alignment import aligned
from archc.difference.pairing import Pairing
from archc.difference.wires import Wires, reads, wires
from archc.graph import Graph, Node
from archc.ops.op import Op

_Kind = Callable[[Node], Hashable]
"""What two layers at the same place must have in common to be one."""


@dataclass(frozen=True)
class Matching:
    """The layers of two networks in pairs, and what those read."""

    pairing: Pairing
    wires: Wires

    @property
    def cost(self) -> tuple[int, int]:
        """How much differs: layers in one only, changed or reading something else, and outputs; then, new names."""
        pairing, pairs = self.pairing, self.pairing.pairs
        changed = sum(old.op != new.op or new.name in self.wires.changed for old, new in pairs)
        outputs = [pairing.new.get(name) for name in pairing.before.outputs] != [*pairing.after.outputs]
        renamed = sum(old.name != new.name for old, new in pairs)
        return len(pairing.removed) + len(pairing.added) + changed + outputs, renamed

    def mirrored(self) -> Matching:
        """The same, seen from the other network."""
        old = self.pairing.old
        changed, moved = (frozenset(old[name] for name in names) for names in (self.wires.changed, self.wires.moved))
        return Matching(self.pairing.mirrored(), Wires(changed, moved))


def match(before: Graph, after: Graph) -> Matching:
    """The layers of two networks, matched alike from both sides: of several ways that are as good, always the same."""
    if _spelled(after) < _spelled(before):
        return _match(after, before).mirrored()
    return _match(before, after)


def _spelled(graph: Graph) -> list[tuple[str, tuple[str, ...], str]]:
    return [(node.name, node.inputs, node.op.model_dump_json()) for node in graph.nodes]


def _match(before: Graph, after: Graph) -> Matching:
    by_name = Pairing(before, after)
    _join_named(by_name, any_op=False)
    _complete(by_name)
    named = Matching(by_name, wires(by_name))
    if not named.cost[0]:
        return named
    by_sequence = Pairing(before, after, _in_sequence(before, after))
    _complete(by_sequence)
    return min(named, Matching(by_sequence, wires(by_sequence)), key=lambda matching: matching.cost)


def _in_sequence(before: Graph, after: Graph) -> list[tuple[str, str]]:
    numbers: dict[Op, int] = {}
    a, b = ([numbers.setdefault(node.op, len(numbers)) for node in graph.nodes] for graph in (before, after))
    return [(before.nodes[i].name, after.nodes[j].name) for i, j in aligned(a, b)]


def _complete(pairing: Pairing) -> None:
    """Pair the layers that are left: equal in one place first, then of the same name, then of one op in one place."""
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
    """Pair what reads the same layers, from the inputs on; then what is read by the same layers, from the end."""
    places: dict[str, Hashable] = {n.name: (kind(n), reads(n, n.inputs)) for n in pairing.removed}
    _join(pairing, pairing.added, places, lambda node: _mapped_inputs(pairing, node, kind))
    places = {n.name: (kind(n), _readers(n, pairing.before)) for n in reversed(pairing.removed)}
    _join(pairing, pairing.added[::-1], places, lambda node: _mapped_readers(pairing, node, kind))


def _mapped_inputs(pairing: Pairing, node: Node, kind: _Kind) -> Hashable:
    """Where an added layer stands among the old by what it reads; None where that is new too."""
    names = [pairing.old.get(name) for name in node.inputs]
    return None if None in names else (kind(node), reads(node, names))


def _mapped_readers(pairing: Pairing, node: Node, kind: _Kind) -> Hashable:
    """The same by who reads it."""
    names = {pairing.old.get(name) for name in _readers(node, pairing.after)}
    return None if None in names else (kind(node), frozenset(names))


def _readers(node: Node, graph: Graph) -> frozenset[str]:
    return frozenset(reader.name for reader in graph.readers[node.name])


def _join(pairing: Pairing, added: list[Node], places: dict[str, Hashable], place_of: _Kind) -> None:
    """Pair added layers, each with a removed one at the same place: of its name, or the first."""
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
