"""Which layer of one network is which of the other: by name, and where names have changed by op, fields and place.

Two ways are tried, and the one kept by which less differs: names first, or the longest sequence of equal ops first,
which sees through names that were given to other layers. Linear in layers, but for the logarithm of a sort.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable

from archc.difference.alignment import aligned
from archc.difference.pairing import Pairing, Wires, reads
from archc.graph import Graph, Node
from archc.ops.op import Op

_Kind = Callable[[Node], Hashable]
"""What two layers at the same place must have in common to be one."""


def match(before: Graph, after: Graph) -> Pairing:
    """The layers of two networks in pairs."""
    by_name = Pairing(before, after)
    _join_named(by_name, any_op=False)
    _complete(by_name)
    if not cost(by_name)[0]:
        return by_name
    by_sequence = Pairing(before, after, _in_sequence(before, after))
    _complete(by_sequence)
    return min(by_name, by_sequence, key=cost)


def cost(pairing: Pairing) -> tuple[int, int]:
    """How much differs: layers that are in one only, changed, or reading something else; then, how many are renamed."""
    rewired = Wires(pairing).changed
    changed = sum(old.op != new.op or new.name in rewired for old, new in pairing.pairs)
    renamed = sum(old.name != new.name for old, new in pairing.pairs)
    return len(pairing.removed) + len(pairing.added) + changed, renamed


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
