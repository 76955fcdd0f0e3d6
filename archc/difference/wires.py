"""Which layers read something else than before, seen past those that were added, removed or moved.

So a layer that is put into a chain rewires nobody: who reads it reads what it reads, a step further on.
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
    """New names of layers: those that read something else, and of them those that are the same at another place."""

    changed: frozenset[str]
    moved: frozenset[str]


def wires(pairing: Pairing) -> Wires:
    """What the layers in both networks read. One that moved is told as such where that says more in fewer changes."""
    rewired = _rewired(pairing, _NONE)
    if len(rewired) > 1:
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
    """What a layer reads, in its order, but for a sum, whose order says nothing; None: a layer that the other lacks."""
    return tuple(sorted(names, key=str) if node.op.commutes else names)


def _seen_past(graph: Graph, passing: set[str]) -> dict[str, str]:
    """For each value the one that it stands for: of layers in `passing` the value behind all their inputs, if one."""
    seen = {name: name for name in graph.inputs}
    for node in graph.nodes:
        behind = {seen[name] for name in node.inputs}
        seen[node.name] = behind.pop() if node.name in passing and len(behind) == 1 else node.name
    return seen


def _rising(ranked: list[tuple[int, str]]) -> frozenset[str]:
    """The names of a longest subsequence of rising ranks."""
    ends: list[int] = []  # the smallest rank that a rising sequence of each length ends with
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
