"""What differs between two networks: layers, what those do to others, all else that a spec says, and the totals."""

from __future__ import annotations

from dataclasses import dataclass

from archc.analysis import Facts
from archc.difference.effects import Effect, effects
from archc.difference.layers import LayerDifference, Measured, changed_layers
from archc.difference.matching import match
from archc.difference.settings import FieldChange, changed_settings


@dataclass(frozen=True)
class Totals:
    """Of a network. `memory` is the peak in bytes of a step of `batch` examples, on each of `devices`.

    `exchanges` has the layers before which these exchange values, and `exchanged` how many an example.
    """

    parameters: int
    macs: int
    batch: int
    devices: int
    memory: int
    exchanges: tuple[str, ...]
    exchanged: int


@dataclass(frozen=True)
class Difference:
    """All that differs. `renamed` has old and new names of layers; nothing differs where all but totals is empty."""

    renamed: tuple[tuple[str, str], ...]
    layers: tuple[LayerDifference, ...]
    effects: tuple[Effect, ...]
    settings: tuple[FieldChange, ...]
    before: Totals
    after: Totals

    @property
    def is_none(self) -> bool:
        return not (self.renamed or self.layers or self.settings)


def difference(before: Facts, after: Facts) -> Difference:
    """What differs between two networks. Titles, comments, order, and defaults that are written out, do not."""
    matching = match(before.graph, after.graph)
    pairing = matching.pairing
    sides = Measured(before), Measured(after)
    layers = changed_layers(matching, *sides)
    return Difference(
        renamed=tuple((old.name, new.name) for old, new in pairing.pairs if old.name != new.name),
        layers=layers,
        effects=effects(pairing, *sides, layers),
        settings=changed_settings(pairing, before, after),
        before=_totals(sides[0]),
        after=_totals(sides[1]),
    )


def _totals(network: Measured) -> Totals:
    facts = network.facts
    return Totals(
        parameters=facts.counts.parameters,
        macs=facts.counts.macs,
        batch=facts.recipe.batch,
        devices=facts.placement.devices if facts.placement else 1,
        memory=facts.step_memory.peak,
        exchanges=tuple(network.exchanged),
        exchanged=sum(network.exchanged.values()),
    )
