"""The difference between two networks: changed layers, their effects on others, other settings, and the totals."""

from __future__ import annotations

from dataclasses import dataclass, replace

from archc.analysis import Facts
from archc.difference.effects import Effect, effects
from archc.difference.layers import LayerDifference, Measured, changed_layers
from archc.difference.matching import match
from archc.difference.renames import Rename, renames
from archc.difference.settings import FieldChange, changed_settings
from archc.difference.uses import Digest, digest


@dataclass(frozen=True)
class Totals:
    """The totals of one network.

    `memory` is the peak of a training step with `batch` examples, in bytes on each of `devices`. `exchanges` are the
    layers before which devices exchange values, and `exchanged` is the number of those values per example.
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
    """The whole difference. `renamed` has pairs of old and new names. `before` and `after` are always present.

    `layers` and `renamed` have every layer; `digest` and `renames` tell the same by blocks.

    `unplaced`: the layers of a network do not split over its devices, or its `parallel:` has an error, so both are
    compared as on one device. `unread` are the sections with errors in one of the specs, which are not compared.
    """

    renamed: tuple[tuple[str, str], ...]
    layers: tuple[LayerDifference, ...]
    effects: tuple[Effect, ...]
    settings: tuple[FieldChange, ...]
    before: Totals
    after: Totals
    unplaced: bool
    digest: Digest
    renames: tuple[Rename, ...]
    unread: tuple[str, ...] = ()

    @property
    def is_none(self) -> bool:
        """Whether the networks are equivalent. Effects need no check: a changed layer or input causes them."""
        return not (self.renamed or self.layers or self.settings)


def difference(before: Facts, after: Facts) -> Difference:
    """The difference between two networks. Titles, comments, order and written-out defaults are ignored."""
    unread = before.unread | after.unread
    unplaced = "parallel" in unread or any(f.spec.parallel and f.placement is None for f in (before, after))
    if unplaced:
        before, after = (replace(facts, placement=None) for facts in (before, after))
    if "train" in before.unread:
        before = replace(before, recipe=after.recipe)
    elif "train" in after.unread:
        after = replace(after, recipe=before.recipe)
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
        unplaced=unplaced,
        digest=digest(pairing, *sides, layers),
        renames=renames(pairing),
        unread=tuple(sorted(unread)),
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
