"""The phrases that every format of a difference shares: those of a layer, of an effect, and of the totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence

from archc.diagnostics.finding import Finding
from archc.difference.difference import Difference
from archc.difference.effects import Effect
from archc.difference.layers import LayerDifference, LayerSide
from archc.difference.settings import FieldChange
from archc.difference.uses import UseDifference
from archc.wording import counted, in_units, listed

# A change that this many layers share is listed once, with their names.
_MANY = 3

_COUNTED = ("", "parameters", "MACs", "activations", "exchanged values")

Figure = tuple[str, str, str]
"""A count's name, and its values before and after. A value is empty if the layer is missing on that side."""

MARKS = {"added": "+", "removed": "-", "changed": "~"}


def in_common(found: Difference) -> dict[FieldChange, list[str]]:
    """The field changes that at least `_MANY` layers share, each with the names of those layers."""
    layers: dict[FieldChange, list[str]] = {}
    for difference in found.digest.single:
        for field in difference.fields:
            layers.setdefault(field, []).append(difference.name)
    return {field: names for field, names in layers.items() if len(names) >= _MANY}


def field_changes(difference: LayerDifference, listed: Container[FieldChange] = ()) -> list[str]:
    """The description of a layer that only one spec has, else its changes that are not `listed` elsewhere."""
    old, new = difference.before, difference.after
    if old is None or new is None:
        layer = new or old
        assert layer is not None
        node = layer.node
        return [" ".join(filter(None, (node.op.op, node.summary))), f"reads {', '.join(node.inputs)}"]
    changes = [change(field) for field in difference.fields if field not in listed]
    if difference.reads:
        verb = "moved: reads" if difference.moved else "reads"
        changes.append(f"{verb} {', '.join(new.node.inputs)} instead of {', '.join(old.node.inputs)}")
    return changes


def change(field: FieldChange) -> str:
    """`stride 4 → 2`"""
    return f"{field.path} {field.before or 'none'} → {field.after or 'none'}"


def setting(field: FieldChange) -> tuple[str, str]:
    """The heading and the value of a changed field outside the layers: `~ train.batch  `, `128 → 64`."""
    if field.before is None:
        return f"+ {field.path}  ", str(field.after)
    if field.after is None:
        return f"- {field.path}  ", field.before
    return f"~ {field.path}  ", f"{field.before} → {field.after}"


def figures(before: LayerSide | None, after: LayerSide | None) -> Iterator[Figure]:
    """The counts that differ between the two sides of a layer. The name of its shape is empty."""
    old, new = (_figures(layer) if layer else {} for layer in (before, after))
    for what in dict.fromkeys(sorted((*old, *new), key=_COUNTED.index)):
        # `_figures` omits zeros, so a missing count of a present layer is 0.
        a, b = (side.get(what, "0") if layer else "" for side, layer in ((old, before), (new, after)))
        if a != b:
            yield what, a, b


def _figures(layer: LayerSide) -> dict[str, str]:
    """The shape, under an empty name, and the counts that are not zero."""
    counts = {"parameters": layer.parameters, "MACs": layer.macs, "exchanged values": layer.exchanged}
    found = {"": str(layer.node.output)} | {what: f"{count:,}" for what, count in counts.items() if count}
    return found | ({"activations": in_units(layer.kept)} if layer.kept else {})


def summary(found: Difference) -> str:
    """`1 block added, 2 layers changed, 1 added, 16 affected`"""
    shared = [layer for shared in found.digest.shared for layer in shared.layers]
    blocks = _by_kind(found.digest.uses)
    layers = _by_kind({layer.name: layer for layer in (*shared, *found.digest.single)}.values())
    layers += [(len(found.renamed), "renamed"), (sum(len(effect.layers) for effect in found.effects), "affected")]
    parts: list[str] = []
    for noun, counts in (("block", blocks), ("layer", layers)):
        shown = [(count, verb) for count, verb in counts if count]
        parts += [f"{counted(count, noun)} {verb}" for count, verb in shown[:1]]
        parts += [f"{count:,} {verb}" for count, verb in shown[1:]]  # only the first count names its noun
    if found.settings:
        parts.append(f"{counted(len(found.settings), 'setting')} changed")
    return ", ".join(parts)


def _by_kind(differences: Iterable[LayerDifference | UseDifference]) -> list[tuple[int, str]]:
    kinds = Counter(difference.kind for difference in differences)
    return [(kinds[kind], kind) for kind in ("changed", "added", "removed")]


def effect_heading(effect: Effect) -> str:
    """`16 layers grow because of conv1: parameters 1 → 2, MACs 3 → 4`"""
    count = len(effect.layers)
    old, new = (_sums([pair[side] for pair in effect.layers]) for side in (0, 1))
    grown = {b > a for a, b in zip(old.values(), new.values(), strict=True) if a != b}
    # Counts may grow and shrink in one effect, or all stay the same while shapes change.
    verb = "change" if len(grown) != 1 else "grow" if grown.pop() else "shrink"
    because = f" because of {', '.join(effect.causes)}" if effect.causes else ""
    sums = [f"{what} {old[what]:,} → {new[what]:,}" for what in ("parameters", "MACs") if old[what] != new[what]]
    heading = f"1 layer {verb}s" if count == 1 else f"{count:,} layers {verb}"
    return f"{heading}{because}{': ' if sums else ''}{', '.join(sums)}"


def _sums(layers: list[LayerSide]) -> dict[str, int]:
    return {
        "values": sum(layer.node.output.size for layer in layers),
        "parameters": sum(layer.parameters for layer in layers),
        "MACs": sum(layer.macs for layer in layers),
    }


def alike(effect: Effect) -> list[tuple[list[str], str]]:
    """The affected layers, grouped by the change they share: names and change, in the order of the network."""
    groups: dict[str, list[str]] = {}
    for old, new in effect.layers:
        shapes = list(dict.fromkeys((str(old.node.output), str(new.node.output))))
        changes = [" → ".join(shapes)]
        if old.parameters != new.parameters:
            changes.append(f"parameters {old.parameters:,} → {new.parameters:,}")
        elif len(shapes) == 1:  # only the MACs show that such a layer is affected
            changes.append(f"MACs {old.macs:,} → {new.macs:,}")
        groups.setdefault(", ".join(changes), []).append(new.node.name)
    return [(names, changes) for changes, names in groups.items()]


def total_rows(found: Difference) -> list[tuple[str, str, str, str]]:
    """The rows of the table of totals: name, before, after, and relative change."""
    old, new = found.before, found.after
    device = " per device" if max(old.devices, new.devices) > 1 else ""
    batch = f", batch {old.batch:,}" if old.batch == new.batch else ""
    rows = [
        ("parameters", f"{old.parameters:,}", f"{new.parameters:,}", _relative(old.parameters, new.parameters)),
        ("MACs per example", f"{old.macs:,}", f"{new.macs:,}", _relative(old.macs, new.macs)),
        (f"peak memory{device}{batch}", in_units(old.memory), in_units(new.memory), _relative(old.memory, new.memory)),
    ]
    if old.exchanges or new.exchanges:
        counts = f"{old.exchanged:,}", f"{new.exchanged:,}"
        rows.append(("exchanged values, all devices", *counts, _relative(old.exchanged, new.exchanged)))
    return rows


def _relative(before: int, after: int) -> str:
    """`+12.5 %`, or `same`. Empty if the old value is zero, which has no relative change."""
    if before == after:
        return "same"
    return f"{100 * (after - before) / before:+,.1f} %" if before else ""


def faults_heading(found: Difference, faults: Sequence[Finding]) -> str:
    """What errors that leave all shapes known mean for a comparison. Empty without errors."""
    if not faults:
        return ""
    heading = f"compared in spite of {counted(len(faults), 'error')}"
    if found.unread:
        heading += f", without {listed([f'`{section}:`' for section in found.unread])}"
    return f"{heading}, with all figures for one device" if found.unplaced else heading


def exchanges(found: Difference) -> str:
    """The layers that start (`+`) or stop (`-`) exchanging values. Empty if there are none."""
    renamed = dict(found.renamed)
    old = [renamed.get(name, name) for name in found.before.exchanges]
    had, have = set(old), set(found.after.exchanges)
    more = [name for name in found.after.exchanges if name not in had]
    less = [name for name in old if name not in have]
    changes = [*(f"+ {name}" for name in more), *(f"- {name}" for name in less)]
    return f"layers that exchange values: {listed(changes)}" if changes else ""
