"""The layers of two networks in pairs: which is which."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from archc.graph import Graph, Node


class Pairing:
    """Pairs of layers, each in one pair at most: `old` names by new, `new` names by old, inputs included."""

    def __init__(self, before: Graph, after: Graph, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.before, self.after = before, after
        self.old = dict(zip(after.inputs, before.inputs, strict=False))
        self.new = {old: new for new, old in self.old.items()}
        for old, new in pairs:
            self.join(old, new)

    def join(self, old: str, new: str) -> None:
        self.old[new], self.new[old] = old, new

    @property
    def removed(self) -> list[Node]:
        return [node for node in self.before.nodes if node.name not in self.new]

    @property
    def added(self) -> list[Node]:
        return [node for node in self.after.nodes if node.name not in self.old]

    @property
    def pairs(self) -> list[tuple[Node, Node]]:
        """The layers that are in both, old and new, in the order of the new."""
        return [(self.before.node(self.old[node.name]), node) for node in self.after.nodes if node.name in self.old]


class Wires:
    """Which layers read something else than before, seen past those that were added, removed or moved.

    So a layer that is put into a chain rewires nobody: who reads it reads what it reads, a step further on.
    """

    def __init__(self, pairing: Pairing) -> None:
        self._pairing = pairing

    @cached_property
    def moved(self) -> frozenset[str]:
        """New names of layers that are the same at another place, where that says all that several rewirings would."""
        pairing, rewired = self._pairing, self._rewired(frozenset())
        if len(rewired) < 2:
            return frozenset()
        rank = {node.name: place for place, node in enumerate(pairing.before.nodes)}
        in_order = _rising([(rank[old.name], new.name) for old, new in pairing.pairs])
        moved = frozenset(name for name in rewired - in_order if len(pairing.after.node(name).inputs) == 1)
        return moved if len(moved | self._rewired(moved)) < len(rewired) else frozenset()

    @cached_property
    def changed(self) -> frozenset[str]:
        """New names of the layers that read something else, moved ones included."""
        return self.moved | self._rewired(self.moved)

    def _rewired(self, moved: frozenset[str]) -> frozenset[str]:
        pairing = self._pairing
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
    return tuple(sorted(names, key=str) if node.op.op == "add" else names)


def _seen_past(graph: Graph, passing: set[str]) -> dict[str, str]:
    """For each value the one that it stands for: of layers in `passing` the value behind all their inputs, if one."""
    seen = {name: name for name in graph.inputs}
    for node in graph.nodes:
        behind = {seen[name] for name in node.inputs}
        seen[node.name] = behind.pop() if node.name in passing and len(behind) == 1 else node.name
    return seen


def _rising(ranked: list[tuple[int, str]]) -> frozenset[str]:
    """The names of a longest subsequence of rising ranks."""
    from bisect import bisect_left

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
