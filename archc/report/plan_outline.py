"""The figures of a plan by the parts of an outline: those of the layers in a closed block or stage, summed up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from archc import outline
from archc.passes.plan import Cost, Crossing, Part
from archc.wording import counted


def closed(cost: Cost, parts: Iterable[outline.Part]) -> Cost:
    """The cost with one part for all layers of a closed block, and one crossing for all of a kind in it.

    Of a closed block, the maps are those that it gives, and the parameters and the bytes are the sums.
    """
    names = {node.name: part.name for part in parts if part.blocks for node in part.nodes}
    held: dict[str, list[Part]] = {}
    for part in cost.parts:
        held.setdefault(names.get(part.layer, part.layer), []).append(part)
    crossed: dict[tuple[str, ...], list[Crossing]] = {}
    for crossing in cost.crossings:
        name = names.get(crossing.layer)
        # Only parameters are summed up by themselves.
        which = (name, crossing.kind, *_summed(crossing)) if name else (crossing.layer, crossing.kind, *crossing.of)
        crossed.setdefault(which, []).append(crossing)
    return replace(
        cost,
        parts=tuple(_part(name, parts) for name, parts in held.items()),
        crossings=tuple(_crossing(names.get(found[0].layer, found[0].layer), found) for found in crossed.values()),
    )


def _summed(crossing: Crossing) -> tuple[str, ...]:
    return crossing.of if crossing.kind == "all-reduce" else ()


def _part(name: str, parts: Sequence[Part]) -> Part:
    return replace(parts[-1], layer=name, parameters=sum(part.parameters for part in parts))


def _crossing(name: str, crossings: Sequence[Crossing]) -> Crossing:
    tensors = {crossing.of for crossing in crossings}
    return Crossing(
        layer=name,
        kind=crossings[0].kind,
        of=tensors.pop() if len(tensors) == 1 else (counted(len(tensors), "tensor"),),
        values=sum(crossing.values for crossing in crossings),
        forward=sum(crossing.forward for crossing in crossings),
        backward=sum(crossing.backward for crossing in crossings),
    )
