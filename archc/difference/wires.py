"""The layers whose inputs differ, not counting layers that were added, removed or moved in between.

So a layer that is inserted into a chain rewires no other layer: its reader still reads the same value, through it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from archc.difference.pairing import Pairing
from archc.graph import Graph, Node

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Wires:
    """The layers whose inputs differ, by new name. `moved`: those of them that have another position."""

    changed: frozenset[str]
    moved: frozenset[str]


def wires(pairing: Pairing) -> Wires:
    """The wires that differ. Layers count as moved if that explains the difference with fewer changes."""
    rewired = _rewired(pairing, _NONE)
    if len(rewired) > 1:  # one rewired layer cannot be explained with fewer moves
        rank = {node.name: place for place, node in enumerate(pairing.before.nodes)}
        in_order = _rising([(rank[old.name], new.name) for old, new in pairing.pairs])
        moved = frozenset(name for name in rewired - in_order if len(pairing.after.node(name).inputs) == 1)
        changed = moved | _rewired(pairing, moved)
        if len(changed) < len(rewired):
            return Wires(changed, moved)
    return Wires(rewired, _NONE)


def _rewired(pairing: Pairing, moved: frozenset[str]) -> frozenset[str]:
    seen_old = _seen_past(pairing.before, {node.name for node in pairing.removed} | {pairing.old[n] for n in moved})
    seen_new = _seen_past(pairing.after, {node.name for node in pairing.added} | moved)
    return frozenset(
        new.name
        for old, new in pairing.pairs
        if new.name not in moved
        and reads(old, [pairing.new.get(seen_old[name]) for name in old.inputs])
        != reads(new, [seen_new[name] for name in new.inputs])
    )


def reads(node: Node, names: Iterable[str | None]) -> tuple[str | None, ...]:
    """The inputs of a layer, sorted if their order does not matter. None: a layer that the other network lacks."""
    return tuple(sorted(names, key=str) if node.op.commutes else names)


def _seen_past(graph: Graph, passing: set[str]) -> dict[str, str]:
    """The origin of each value. A layer in `passing` passes on the origin of its inputs, if they have only one."""
    seen = {name: name for name in graph.inputs}
    for node in graph.nodes:
        behind = {seen[name] for name in node.inputs}
        seen[node.name] = behind.pop() if node.name in passing and len(behind) == 1 else node.name
    return seen


def _rising(ranked: list[tuple[int, str]]) -> frozenset[str]:
    """The names of a longest subsequence with increasing ranks."""
    ends: list[int] = []  # for each length, the smallest last rank of an increasing sequence
    places: list[int] = []
    before: list[int] = []
    for place, (rank, _) in enumerate(ranked):
        length = bisect_left(ends, rank)
        before.append(places[length - 1] if length else -1)
        ends[length : length + 1] = [rank]
        places[length : length + 1] = [place]
    found: set[str] = set()
    place = places[-1] if places else -1
    while place >= 0:
        found.add(ranked[place][1])
        place = before[place]
    return frozenset(found)
