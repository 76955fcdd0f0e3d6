"""The layers that differ: added, removed, changed, rewired or moved, each with its op and its costs on both sides."""

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
from archc.outline import around

ChangeKind = Literal["added", "removed", "changed"]


@dataclass(frozen=True)
class LayerSide:
    """A layer in one of the networks.

    `kept` is the number of bytes that it keeps for the backward pass of a step. `exchanged` is the number of values per
    example that devices exchange before it computes.
    """

    node: Node
    parameters: int
    macs: int
    kept: int
    exchanged: int

    @property
    def size(self) -> tuple[object, ...]:
        """The properties that a change of another layer may affect."""
        return self.node.output, self.parameters, self.macs


@dataclass(frozen=True)
class LayerDifference:
    """A layer that only one network has, or that differs. `fields` includes `op` if the op itself differs.

    `reads`: its inputs differ, not counting layers that were inserted or removed in between. `moved`: the layer itself
    has another position.
    """

    before: LayerSide | None
    after: LayerSide | None
    fields: tuple[FieldChange, ...] = ()
    reads: bool = False
    moved: bool = False

    @property
    def kind(self) -> ChangeKind:
        return kind_of(self.before, self.after)

    @property
    def layer(self) -> LayerSide:
        """The new layer, or the old one if it was removed."""
        layer = self.after or self.before
        assert layer is not None
        return layer

    @property
    def name(self) -> str:
        """Its name: the new one if it was renamed."""
        return self.layer.node.name


def kind_of(before: object | None, after: object | None) -> ChangeKind:
    """What has happened to something that only one network may have."""
    if before is None:
        return "added"
    return "removed" if after is None else "changed"


class Measured:
    """A network that looks up the costs of a layer by its name."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    @property
    def graph(self) -> Graph:
        return self.facts.graph

    @cached_property
    def exchanged(self) -> dict[str, int]:
        """The number of values per example that devices exchange, by the layer that reads them."""
        placement = self.facts.placement
        return {e.layer: round(e.values) for e in placement.exchanges} if placement else {}

    @cached_property
    def _inside(self) -> dict[str, list[LayerSide]]:
        found: dict[str, list[LayerSide]] = {}
        for node in self.graph.nodes:
            for path in around(node.name):
                found.setdefault(path, []).append(self.layer(node.name))
        return found

    def layers_in(self, path: str) -> list[LayerSide]:
        """The layers in a block or stage."""
        return self._inside[path]

    def layer(self, name: str) -> LayerSide:
        counts = self.facts.counts.layers[name]
        kept, exchanged = self.facts.step_memory.layers[name].kept, self.exchanged.get(name, 0)
        return LayerSide(self.graph.node(name), counts.parameters, counts.macs, kept, exchanged)


def changed_layers(matching: Matching, before: Measured, after: Measured) -> tuple[LayerDifference, ...]:
    """The layers that differ themselves, in the order of the new network. Removed layers keep their old position."""
    pairing, wires = matching.pairing, matching.wires
    removed = _removed_before(pairing)
    found: list[LayerDifference] = []
    for node in after.graph.nodes:
        old = pairing.old.get(node.name)
        if old is None:
            found.append(LayerDifference(None, after.layer(node.name)))
            continue
        found += [LayerDifference(before.layer(name), None) for name in removed.pop(old, [])]
        fields = tuple(_fields(before.graph.node(old), node))
        moved, reads = node.name in wires.moved, node.name in wires.changed
        if fields or reads:
            found.append(LayerDifference(before.layer(old), after.layer(node.name), fields, reads, moved))
    return (*found, *(LayerDifference(before.layer(name), None) for names in removed.values() for name in names))


def _removed_before(pairing: Pairing) -> dict[str, list[str]]:
    """The runs of removed layers, by the old name of the next remaining layer. The key of a run at the end is empty."""
    runs: dict[str, list[str]] = {}
    run: list[str] = []
    for node in pairing.before.nodes:
        if node.name not in pairing.new:
            run.append(node.name)
        elif run:
            runs[node.name], run = run, []
    return runs | {"": run}


def _fields(before: Node, after: Node) -> Iterator[FieldChange]:
    """The differing fields of two layers. If the ops themselves differ, only fields that both have are compared."""
    if before.op == after.op:
        return
    old, new = (_written(node.op) for node in (before, after))
    for name in {**old, **new} if before.op.op == after.op.op else [name for name in old if name in new]:
        if old.get(name) != new.get(name) and not _follows(name, before, after):
            yield FieldChange(name, old.get(name), new.get(name))


def _follows(field: str, before: Node, after: Node) -> bool:
    """Whether a field differs only because it follows from what the layer reads, as `{times: 6}` and `each` do."""
    text = written(before, field)
    return text is not None and text == written(after, field)


def written(node: Node, field: str) -> str | None:
    """The text of a field in the spec; None if it is not written."""
    span = node.fields.get(field)
    return span.source.text[span.start : span.end] if span else None


def _written(op: Op) -> dict[str, str]:
    """The fields of an op as YAML, in the order of the language, including defaults."""
    values = op.model_dump(mode="json")
    return {name: as_written(values[name]) for name in dict.fromkeys(("op", *op.leading, *values))}
