"""What `archc diff` prints for programs."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from archc.diagnostics.json import documented
from archc.difference.difference import Difference, Totals
from archc.difference.effects import Effect
from archc.difference.layers import ChangeKind, LayerDifference, LayerSide
from archc.difference.settings import FieldChange
from archc.report.facts_json import Reads


@documented
class LayerSideJson(Reads):
    """A layer in one of the two specs."""

    name: str
    """Its name there."""
    op: str
    """What it computes."""
    output: list[int]
    """Its output's shape, [channels, height, width] or [units], without the batch axis."""
    parameters: int
    """Trained numbers."""
    macs: int
    """Multiply-accumulates for one example."""
    activations: int
    """Bytes that it keeps for the backward pass of a step, on one device."""
    exchanged: int
    """Values an example that devices exchange before it computes."""


@documented
class SettingJson(TypedDict):
    """A field whose value differs."""

    path: str
    """Its name; outside of layers with the sections that it is in, as `train.data.crop`."""
    before: str | None
    """Its value in the first spec, defaults resolved, as a spec writes it; null where there is none."""
    after: str | None
    """Its value in the second."""


@documented
class LayerDifferenceJson(TypedDict):
    """A layer that differs by itself."""

    kind: ChangeKind
    """Whether the second spec alone has it, the first alone, or both."""
    before: LayerSideJson | None
    """The layer in the first spec; null where it was added."""
    after: LayerSideJson | None
    """The layer in the second; null where it was removed."""
    fields: list[SettingJson]
    """Its fields that differ, `op` among them where it is another op."""
    rewired: bool
    """Whether it reads something else, seen past layers that were added, removed or moved."""
    moved: bool
    """Whether it stands elsewhere, so that what is said of it need not be said of its neighbours."""


@documented
class AffectedJson(TypedDict):
    """A layer that is what it was, with another shape or other costs."""

    before: LayerSideJson
    """The layer in the first spec."""
    after: LayerSideJson
    """The layer in the second."""


@documented
class EffectJson(TypedDict):
    """What changes do to the layers after them."""

    causes: list[str]
    """Changed layers, or the input; of more than eight the first."""
    layers: list[AffectedJson]
    """The layers that they affect, in order."""


@documented
class RenamedJson(TypedDict):
    """A layer of another name."""

    before: str
    """Its name in the first spec."""
    after: str
    """Its name in the second."""


@documented
class SideJson(TypedDict):
    """One of the two specs, and its totals."""

    spec: str
    """The file as it was named, `<stdin>` for standard input."""
    parameters: int
    """Trained numbers."""
    macs: int
    """Multiply-accumulates for one example."""
    batch: int
    """Examples a step, by the recipe."""
    devices: int
    """Devices that compute it."""
    memory: int
    """Peak bytes of a step of training, on one device."""
    exchanged: int
    """Values an example that devices exchange."""
    exchanges: list[str]
    """The layers before which they do."""


@documented
class DiffJson(TypedDict):
    """What `archc diff --output-format json` prints."""

    version: Literal[1]
    """Of this format."""
    same: bool
    """Whether both specs mean the same."""
    before: SideJson
    """The first spec."""
    after: SideJson
    """The second spec."""
    renamed: list[RenamedJson]
    """Layers that have another name."""
    layers: list[LayerDifferenceJson]
    """Layers that differ by themselves, in the order of the second spec."""
    effects: list[EffectJson]
    """What follows from those, and from another input."""
    settings: list[SettingJson]
    """All that differs outside of layers."""


def as_json(found: Difference, names: tuple[str, str]) -> DiffJson:
    """The difference between two specs of these names as plain data."""
    return {
        "version": 1,
        "same": found.is_none,
        "before": _totals(names[0], found.before),
        "after": _totals(names[1], found.after),
        "renamed": [{"before": old, "after": new} for old, new in found.renamed],
        "layers": [_difference(difference) for difference in found.layers],
        "effects": [_effect(effect) for effect in found.effects],
        "settings": [_setting(field) for field in found.settings],
    }


def _totals(name: str, totals: Totals) -> SideJson:
    return {
        "spec": name,
        "parameters": totals.parameters,
        "macs": totals.macs,
        "batch": totals.batch,
        "devices": totals.devices,
        "memory": totals.memory,
        "exchanged": totals.exchanged,
        "exchanges": list(totals.exchanges),
    }


def _difference(difference: LayerDifference) -> LayerDifferenceJson:
    return {
        "kind": difference.kind,
        "before": _layer(difference.before) if difference.before else None,
        "after": _layer(difference.after) if difference.after else None,
        "fields": [_setting(field) for field in difference.fields],
        "rewired": difference.reads,
        "moved": difference.moved,
    }


def _effect(effect: Effect) -> EffectJson:
    layers: list[AffectedJson] = [{"before": _layer(old), "after": _layer(new)} for old, new in effect.layers]
    return {"causes": list(effect.causes), "layers": layers}


def _layer(layer: LayerSide) -> LayerSideJson:
    node = layer.node
    return {
        "name": node.name,
        "op": node.op.op,
        "from": list(node.inputs),
        "output": list(node.output.shape),
        "parameters": layer.parameters,
        "macs": layer.macs,
        "activations": layer.kept,
        "exchanged": layer.exchanged,
    }


def _setting(field: FieldChange) -> SettingJson:
    return {"path": field.path, "before": field.before, "after": field.after}
