"""Which layers differ: added, removed, changed, rewired or moved, each with what it is and costs on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from archc.analysis import Facts
from archc.difference.matching import Matching
from archc.difference.pairing import Pairing
from archc.difference.settings import FieldChange
from archc.graph import Graph, Node
from archc.language.field_table import as_written
from archc.ops.op import Op

ChangeKind = Literal["added", "removed", "changed"]


@dataclass(frozen=True)
class LayerSide:
    """A layer in one of the networks. `kept` is in bytes, what it keeps for a backward pass of a step; `exchanged`, the
    values an example that devices exchange before it computes."""

    node: Node
    parameters: int
    macs: int
    kept: int
    exchanged: int

    @property
    def size(self) -> tuple[object, ...]:
        """What another layer's change may do to it."""
        return self.node.output, self.parameters, self.macs


@dataclass(frozen=True)
class LayerDifference:
    """A layer that is in one network only, or in both and not the same. `fields` has `op` where that is another.

    `reads` says that it reads something else, seen past layers put in between; `moved`, that it stands elsewhere.
    """

    before: LayerSide | None
    after: LayerSide | None
    fields: tuple[FieldChange, ...] = ()
    reads: bool = False
    moved: bool = False

    @property
    def kind(self) -> ChangeKind:
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"

    @property
    def name(self) -> str:
        """Its name, the new one of two."""
        layer = self.after or self.before
        assert layer is not None
        return layer.node.name


class Measured:
    """A network whose layers' figures are at hand."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    @property
    def graph(self) -> Graph:
        return self.facts.graph

    @cached_property
    def exchanged(self) -> dict[str, int]:
        """The values an example that devices exchange, by the layer that reads them."""
        placement = self.facts.placement
        return {e.layer: round(e.values) for e in placement.exchanges} if placement else {}

    def layer(self, name: str) -> LayerSide:
        counts = self.facts.counts.layers[name]
        kept, exchanged = self.facts.step_memory.layers[name].kept, self.exchanged.get(name, 0)
        return LayerSide(self.graph.node(name), counts.parameters, counts.macs, kept, exchanged)


def changed_layers(matching: Matching, before: Measured, after: Measured) -> tuple[LayerDifference, ...]:
    """All layers that differ by themselves, in the order of the new network, removed ones where they were."""
    pairing, wires = matching.pairing, matching.wires
    removed = _removed_before(pairing)
    found: list[LayerDifference] = []
    for node in after.graph.nodes:
        old = pairing.old.get(node.name)
        if old is None:
            found.append(LayerDifference(None, after.layer(node.name)))
            continue
        found += [LayerDifference(before.layer(name), None) for name in removed.pop(old, [])]
        fields = tuple(_fields(before.graph.node(old).op, node.op))
        moved, reads = node.name in wires.moved, node.name in wires.changed
        if fields or reads:
            found.append(LayerDifference(before.layer(old), after.layer(node.name), fields, reads, moved))
    return (*found, *(LayerDifference(before.layer(name), None) for names in removed.values() for name in names))


def _removed_before(pairing: Pairing) -> dict[str, list[str]]:
    """Runs of removed layers by the layer that follows them, empty for none."""
    runs: dict[str, list[str]] = {}
    run: list[str] = []
    for node in pairing.before.nodes:
        if node.name not in pairing.new:
            run.append(node.name)
        elif run:
            runs[node.name], run = run, []
    return runs | {"": run}


def _fields(before: Op, after: Op) -> Iterator[FieldChange]:
    """What differs between two ops; of another op, that it is another, and whatever both have."""
    if before == after:
        return
    old, new = (_written(op) for op in (before, after))
    for name in {**old, **new} if before.op == after.op else [name for name in old if name in new]:
        if old.get(name) != new.get(name):
            yield FieldChange(name, old.get(name), new.get(name))


def _written(op: Op) -> dict[str, str]:
    """Each field as the language writes it, defaults too, in its order."""
    values = op.model_dump(mode="json")
    return {name: as_written(values[name]) for name in dict.fromkeys(("op", *op.leading, *values))}
