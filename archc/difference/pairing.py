"""The pairing of the layers of two networks."""

from __future__ import annotations

from collections.abc import Iterable

from archc.graph import Graph, Node


class Pairing:
    """Pairs of layers, at most one per layer. `old` maps new names to old ones, `new` the reverse; both have inputs."""

    def __init__(self, before: Graph, after: Graph, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.before, self.after = before, after
        # Inputs are paired by position: their names do not matter to the network.
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
        """The old and the new layer of each pair, in the order of the new network."""
        return [(self.before.node(self.old[node.name]), node) for node in self.after.nodes if node.name in self.old]

    def mirrored(self) -> Pairing:
        """The same pairs with the two networks exchanged."""
        return Pairing(self.after, self.before, [(new.name, old.name) for old, new in self.pairs])
