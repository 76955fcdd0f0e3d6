"""The difference between two specs in words: what each format says of a layer, of what follows, and of the totals."""

from __future__ import annotations

from collections.abc import Container, Iterator

from archc.difference.difference import Difference
from archc.difference.effects import Effect
from archc.difference.layers import LayerDifference, LayerSide
from archc.difference.settings import FieldChange
from archc.passes.memory import in_units

# As many layers as would be tedious to read of one by one.
_MANY = 3

_COUNTED = ("", "parameters", "MACs", "activations", "exchanged values")

Figure = tuple[str, str, str]
"""What is counted, and its values before and after."""

MARKS = {"added": "+", "removed": "-", "changed": "~"}


def in_common(found: Difference) -> dict[FieldChange, list[str]]:
    """The changes of a field that so many layers have in common that they are told once, and those layers."""
    layers: dict[FieldChange, list[str]] = {}
    for difference in found.layers:
        for field in difference.fields:
            layers.setdefault(field, []).append(difference.name)
    return {field: names for field, names in layers.items() if len(names) >= _MANY}


def field_changes(difference: LayerDifference, told: Container[FieldChange] = ()) -> list[str]:
    """What a layer is that is in one spec only; else what differs in it by itself and is not told for many."""
    old, new = difference.before, difference.after
    if old is None or new is None:
        layer = new or old
        assert layer is not None
        op = layer.node.op
        return [f"{' '.join(filter(None, (op.op, op.summary())))} of {', '.join(layer.node.inputs)}"]
    said = [change(field) for field in difference.fields if field not in told]
    if difference.reads:
        verb = "moved: reads" if difference.moved else "reads"
        said.append(f"{verb} {', '.join(new.node.inputs)} instead of {', '.join(old.node.inputs)}")
    return said


def change(field: FieldChange) -> str:
    """`stride 4 → 2`"""
    return f"{field.path} {field.before or 'none'} → {field.after or 'none'}"


def setting(field: FieldChange) -> tuple[str, str]:
    """A mark with the path of a field outside of the layers, and its value, or both."""
    if field.before is None:
        return f"+ {field.path}  ", str(field.after)
    if field.after is None:
        return f"- {field.path}  ", field.before
    return f"~ {field.path}  ", f"{field.before} → {field.after}"


def figures(before: LayerSide | None, after: LayerSide | None) -> Iterator[Figure]:
    """What is counted of a layer, where its sides differ; empty on the side that lacks it. Its shape has no word."""
    old, new = (_figures(layer) if layer else {} for layer in (before, after))
    for what in dict.fromkeys(sorted((*old, *new), key=_COUNTED.index)):
        a, b = (side.get(what, "0") if layer else "" for side, layer in ((old, before), (new, after)))
        if a != b:
            yield what, a, b


def _figures(layer: LayerSide) -> dict[str, str]:
    """The shape, without a word for it, and what else there is to say."""
    counted = {"parameters": layer.parameters, "MACs": layer.macs, "exchanged values": layer.exchanged}
    found = {"": str(layer.node.output)} | {what: f"{count:,}" for what, count in counted.items() if count}
    return found | ({"activations": in_units(layer.kept)} if layer.kept else {})


def summary(found: Difference) -> str:
    """`2 layers changed, 1 added, 16 follow`"""
    layers = [(sum(layer.kind == kind for layer in found.layers), kind) for kind in ("changed", "added", "removed")]
    follow = sum(len(effect.layers) for effect in found.effects)
    layers += [(len(found.renamed), "renamed"), (follow, "follows" if follow == 1 else "follow")]
    said = [f"{count:,} {word}" for count, word in layers if count]
    if said:
        count, _, word = said[0].partition(" ")
        said[0] = f"{count} {'layer' if count == '1' else 'layers'} {word}"
    if found.settings:
        said.append(f"{len(found.settings)} {'setting' if len(found.settings) == 1 else 'settings'} changed")
    return ", ".join(said)


def effect_heading(effect: Effect) -> str:
    """`16 layers grow because of conv1: parameters 1 → 2, MACs 3 → 4`"""
    count = len(effect.layers)
    old, new = (_sums([pair[side] for pair in effect.layers]) for side in (0, 1))
    grown = {b > a for a, b in zip(old.values(), new.values(), strict=True) if a != b}
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
    """What happens to the layers that follow, those together to which the same happens; the first first."""
    groups: dict[str, list[str]] = {}
    for old, new in effect.layers:
        shapes = list(dict.fromkeys((str(old.node.output), str(new.node.output))))
        said = [" → ".join(shapes)]
        if old.parameters != new.parameters:
            said.append(f"parameters {old.parameters:,} → {new.parameters:,}")
        elif len(shapes) == 1:
            said.append(f"MACs {old.macs:,} → {new.macs:,}")
        groups.setdefault(", ".join(said), []).append(new.node.name)
    return [(names, said) for said, names in groups.items()]


def total_rows(found: Difference) -> list[tuple[str, str, str, str]]:
    """What is counted of both networks: before, after, and by how much it has changed."""
    old, new = found.before, found.after
    device = " a device" if max(old.devices, new.devices) > 1 else ""
    batch = f", batch {old.batch:,}" if old.batch == new.batch else ""
    rows = [
        ("parameters", f"{old.parameters:,}", f"{new.parameters:,}", _relative(old.parameters, new.parameters)),
        ("MACs an example", f"{old.macs:,}", f"{new.macs:,}", _relative(old.macs, new.macs)),
        (f"peak memory{device}{batch}", in_units(old.memory), in_units(new.memory), _relative(old.memory, new.memory)),
    ]
    if old.exchanges or new.exchanges:
        counts = f"{old.exchanged:,}", f"{new.exchanged:,}"
        rows.append(("exchanged values, all devices", *counts, _relative(old.exchanged, new.exchanged)))
    return rows


def _relative(before: int, after: int) -> str:
    """`+12.5 %`, or `same`; nothing where there was nothing, of which no part can be told."""
    if before == after:
        return "same"
    return f"{100 * (after - before) / before:+,.1f} %" if before else ""


def exchanges(found: Difference) -> str:
    """Which layers exchange values that did not, and which do no more; empty where they are the same."""
    renamed = dict(found.renamed)
    old = [renamed.get(name, name) for name in found.before.exchanges]
    had, have = set(old), set(found.after.exchanges)
    more = [name for name in found.after.exchanges if name not in had]
    less = [name for name in old if name not in have]
    said = [*(f"+ {name}" for name in more), *(f"- {name}" for name in less)]
    return f"layers that exchange values: {', '.join(said)}" if said else ""
