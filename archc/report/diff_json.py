"""The JSON output of `archc diff`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from archc.diagnostics.finding import Finding
from archc.diagnostics.json import FindingJson, documented
from archc.diagnostics.json import as_json as finding_as_json
from archc.difference.difference import Difference, Totals
from archc.difference.effects import Effect
from archc.difference.layers import ChangeKind, LayerDifference, LayerSide
from archc.difference.settings import FieldChange
from archc.difference.uses import Use, UseDifference
from archc.report.facts_json import Reads

ReadsByPath = TypedDict(
    "ReadsByPath", {"from": Annotated[list[str], Field(description="Blocks, stages, layers or input that it reads.")]}
)


@documented
class LayerSideJson(Reads):
    """A layer as one of the two specs defines it."""

    name: str
    """Name of the layer in this spec."""
    op: str
    """Op of the layer."""
    output: list[int]
    """Shape of the layer's output without the batch axis: [channels, height, width] or [units]."""
    parameters: int
    """Number of trained values in the layer."""
    macs: int
    """Multiply-accumulates of the layer per example, forward."""
    activations: int
    """Bytes that the layer keeps for the backward pass of a step, on one device."""
    exchanged: int
    """Values per example that devices exchange before the layer computes, over all devices."""


@documented
class SettingJson(TypedDict):
    """A field whose value differs between the two specs."""

    path: str
    """Name of the field. Outside the layers it has its sections: `train.data.crop`."""
    before: str | None
    """Value in the first spec as YAML, with defaults resolved; null if it has none."""
    after: str | None
    """Value in the second spec as YAML, with defaults resolved; null if it has none."""


@documented
class LayerDifferenceJson(TypedDict):
    """A layer that was added, removed or changed."""

    kind: ChangeKind
    """`added`: only the second spec has the layer. `removed`: only the first has it. `changed`: both have it."""
    before: LayerSideJson | None
    """The layer in the first spec; null if it was added."""
    after: LayerSideJson | None
    """The layer in the second spec; null if it was removed."""
    fields: list[SettingJson]
    """Fields of the layer that differ, including `op`."""
    rewired: bool
    """Whether the layer reads another value. Layers that were inserted, removed or moved in between do not count."""
    moved: bool
    """Whether the layer was moved to another position. Its old and new neighbours are then not listed as rewired."""


@documented
class UseSideJson(ReadsByPath):
    """A block or stage in one of the two specs. Its counts are the sums of those of its layers."""

    path: str
    """Path of the block or stage, such as `layer2.0`."""
    blocks: list[str]
    """Name of the block, or those of the blocks that are the items of the stage."""
    layers: int
    """Number of layers in it."""
    output: list[int]
    """Shape of what it gives, without the batch axis."""
    parameters: int
    """Number of trained values."""
    macs: int
    """Multiply-accumulates per example, forward."""


@documented
class UseDifferenceJson(TypedDict):
    """A block or stage that was added or removed as a whole, or that is used with other arguments."""

    kind: ChangeKind
    """`added`: only the second spec has it. `removed`: only the first has it. `changed`: its arguments differ."""
    before: UseSideJson | None
    """The block or stage in the first spec; null if it was added."""
    after: UseSideJson | None
    """The block or stage in the second spec; null if it was removed."""
    arguments: list[SettingJson]
    """Arguments that differ. They explain the fields of layers in it that differ by the same values."""


@documented
class DefinitionJson(TypedDict):
    """The same difference of a layer in several uses of a block, or of several layers by a default."""

    block: str | None
    """Name of the block whose definition differs; null if a default of the spec does."""
    layers: list[str]
    """Names of the layers, as in `layers`: the new ones, or the old ones of a removed layer."""


@documented
class AffectedJson(TypedDict):
    """A layer with the same fields as before, but another shape or cost."""

    before: LayerSideJson
    """The layer in the first spec."""
    after: LayerSideJson
    """The layer in the second spec."""


@documented
class EffectJson(TypedDict):
    """The effect of changes on later layers."""

    causes: list[str]
    """Changed layers or inputs that cause the effect; at most the first eight."""
    layers: list[AffectedJson]
    """Affected layers, in the order of the second spec."""


@documented
class RenamedJson(TypedDict):
    """A layer that has another name in the second spec."""

    before: str
    """Name of the layer in the first spec."""
    after: str
    """Name of the layer in the second spec."""


@documented
class SideJson(TypedDict):
    """One of the two specs with its totals."""

    spec: str
    """Path of the spec as given on the command line, as PATH:NAME for a variant; `<stdin>` for standard input."""
    parameters: int
    """Number of trained values in the network."""
    macs: int
    """Multiply-accumulates of the network per example, forward."""
    batch: int
    """Examples per training step, from the recipe."""
    devices: int
    """Number of devices that compute the network."""
    memory: int
    """Peak memory of a training step on one device, in bytes."""
    exchanged: int
    """Values per example that devices exchange, over all devices."""
    exchanges: list[str]
    """Layers before which devices exchange values."""


@documented
class DiffJson(TypedDict):
    """The output of `archc diff --output-format json`."""

    version: Literal[1]
    """Version of this format."""
    same: bool
    """Whether the two specs are equivalent."""
    before: SideJson
    """The first spec."""
    after: SideJson
    """The second spec."""
    renamed: list[RenamedJson]
    """Layers that have another name in the second spec."""
    layers: list[LayerDifferenceJson]
    """Layers that were added, removed or changed, in the order of the second spec."""
    uses: list[UseDifferenceJson]
    """Blocks and stages that were added or removed as a whole, or that are used with other arguments."""
    definitions: list[DefinitionJson]
    """Differences that several layers share, because a block's definition or a default differs."""
    effects: list[EffectJson]
    """Effects of these layers, or of another input, on later layers."""
    settings: list[SettingJson]
    """Fields that differ outside the layers."""
    findings: list[FindingJson]
    """Errors of the two specs that leave all shapes known, such as expectations that are not met."""
    placed: bool
    """Whether figures are those of the declared devices; false if layers do not split, and one device is assumed."""


def as_json(found: Difference, names: tuple[str, str], faults: Sequence[Finding] = ()) -> DiffJson:
    """The difference as plain data. `names` are those of the two specs, `faults` their errors."""
    return {
        "version": 1,
        "same": found.is_none,
        "before": _totals(names[0], found.before),
        "after": _totals(names[1], found.after),
        "renamed": [{"before": old, "after": new} for old, new in found.renamed],
        "layers": [_difference(difference) for difference in found.layers],
        "uses": [_use_difference(use) for use in found.digest.uses],
        "definitions": [
            {"block": shared.block, "layers": [layer.name for layer in shared.layers]} for shared in found.digest.shared
        ],
        "effects": [_effect(effect) for effect in found.effects],
        "settings": [_setting(field) for field in found.settings],
        "findings": [finding_as_json(fault) for fault in faults],
        "placed": not found.unplaced,
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


def _use_difference(difference: UseDifference) -> UseDifferenceJson:
    return {
        "kind": difference.kind,
        "before": _use(difference.before) if difference.before else None,
        "after": _use(difference.after) if difference.after else None,
        "arguments": [_setting(field) for field in difference.fields],
    }


def _use(use: Use) -> UseSideJson:
    return {
        "path": use.path,
        "blocks": [scope.block or "" for scope in use.blocks],
        "layers": use.layers,
        "from": list(use.reads),
        "output": list(use.sum.node.output.shape),
        "parameters": use.sum.parameters,
        "macs": use.sum.macs,
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
