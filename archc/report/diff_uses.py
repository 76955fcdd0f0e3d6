"""The phrases for differences of blocks, calls and definitions, which every format of a difference shares."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

from archc.difference.difference import Difference
from archc.difference.effects import Effect
from archc.difference.layers import LayerSide
from archc.difference.renames import Rename
from archc.difference.uses import SharedDifference, Use, UseDifference, local, summed
from archc.outline import Part, around
from archc.report.diff_words import MARKS, Figure, change, figures
from archc.wording import counted


class Entry(NamedTuple):
    """A difference of several layers: its mark, its name, its changes, the paths where it is, and its figures."""

    mark: str
    name: str
    changes: list[str]
    places: list[str]
    figures: list[Figure]


def entries(found: Difference) -> Iterator[Entry]:
    """The differences of whole blocks and of calls, then those of definitions."""
    for some in _together(found.digest.uses):
        yield _used(some)
    for shared in found.digest.shared:
        yield _defined(shared)


def _together(uses: Iterable[UseDifference]) -> list[list[UseDifference]]:
    """Equal blocks that follow each other in a stage, and calls with the same changes, together."""
    found: dict[Hashable, list[UseDifference]] = {}
    last: UseDifference | None = None
    group = 0
    for use in uses:
        if use.fields:
            found.setdefault(use.fields, []).append(use)
            continue
        group += not (last and _follows(last, use))
        found.setdefault(group, []).append(use)
        last = use
    return [*found.values()]


def _follows(last: UseDifference, use: UseDifference) -> bool:
    one, other = last.use, use.use
    alike = last.kind == use.kind and _definitions(one) == _definitions(other)
    return alike and spans([one.path, other.path])[1:] == []


def _definitions(use: Use) -> list[Hashable]:
    return [(scope.block, str(scope.arguments)) for scope in use.blocks]


def _used(some: Sequence[UseDifference]) -> Entry:
    first, *_ = some
    uses = [difference.use for difference in some]
    kinds = Part("", (), [block for use in uses for block in use.blocks]).kinds
    sides = [[use.sum for use in side if use] for side in zip(*((one.before, one.after) for one in some), strict=True)]
    costs = _figures(*sides)
    paths = spans([use.path for use in uses])
    if first.fields:
        name = paths[0] if len(paths) == 1 else counted(len(uses), "block")
        changes = [", ".join(map(change, first.fields))]
        return Entry("~", f"{name} ({kinds})", changes, paths if paths[1:] else [], costs)
    layers = counted(sum(use.layers for use in uses), "layer")
    changes = [*([kinds] if kinds else []), layers, f"reads {', '.join(uses[0].reads)}"]
    return Entry(MARKS[first.kind], paths[0], changes, [], costs)


def _defined(shared: SharedDifference) -> Entry:
    """`~ basic.conv1 in 5 uses  kernel 3 → 5`"""
    first, path = shared.layers[0], shared.uses[0]
    node = first.layer.node
    if first.before is None or first.after is None:
        reads = ", ".join(local(name, path) for name in node.inputs)
        changes = [" ".join(filter(None, (node.op.op, node.summary))), f"reads {reads}"]
    else:
        changes = [*map(change, first.fields)]
        if first.reads:
            old, new = (
                ", ".join(local(name, path) for name in side.node.inputs) for side in (first.before, first.after)
            )
            changes.append(f"reads {new} instead of {old}")
    sides = [
        [side for side in pair if side]
        for pair in zip(*((one.before, one.after) for one in shared.layers), strict=True)
    ]
    if shared.block is None:
        return Entry(
            "~", counted(len(shared.layers), "layer"), changes, [one.name for one in shared.layers], _figures(*sides)
        )
    name = f"{_layer_of(shared)} in {counted(len(shared.layers), 'use')}"
    return Entry(MARKS[first.kind], name, changes, spans(shared.uses), _figures(*sides))


def _figures(before: Sequence[LayerSide], after: Sequence[LayerSide]) -> list[Figure]:
    """The sums that differ, and the shape if it is the same everywhere."""
    found = figures(*(summed(side) if side else None for side in (before, after)))
    one_shape = all(len({side.node.output for side in sides}) <= 1 for sides in (before, after))
    return [figure for figure in found if figure[0] or one_shape]


def spans(paths: Iterable[str]) -> list[str]:
    """The paths, with `layer2.0–3` for numbers that follow each other."""
    found: list[list[str]] = []
    for path in paths:
        if found and _is_next(found[-1][-1], path):
            found[-1].append(path)
        else:
            found.append([path])
    return [run[0] if len(run) == 1 else f"{run[0]}–{run[-1].rpartition('.')[2]}" for run in found]


def _is_next(one: str, other: str) -> bool:
    (before, _, a), (after, _, b) = one.rpartition("."), other.rpartition(".")
    return bool(before) and before == after and a.isdecimal() and b.isdecimal() and int(b) == int(a) + 1


def renamings(renames: Iterable[Rename]) -> list[tuple[str, str]]:
    """The old and new names, with runs of numbers together: `layer2.1–3`, `layer2.2–4`."""
    found: list[list[Rename]] = []
    for rename in renames:
        last = found[-1][-1] if found else None
        if last and not rename.block and _is_next(last.before, rename.before) and _is_next(last.after, rename.after):
            found[-1].append(rename)
        else:
            found.append([rename])
    pairs: list[tuple[str, str]] = []
    for run in found:
        (before,), (after,) = spans(one.before for one in run), spans(one.after for one in run)
        if run[0].block:
            before, after = f"{run[0].block}.{before}", f"{after} in {counted(run[0].uses, 'use')}"
        pairs.append((before, after))
    return pairs


def effects(found: Difference) -> list[Effect]:
    """The effects, with blocks and definitions as their causes."""
    names = _names(found)
    merged: dict[tuple[str, ...], list[tuple[LayerSide, LayerSide]]] = {}
    for effect in found.effects:
        causes = tuple(dict.fromkeys(names.get(cause, cause) for cause in effect.causes))
        merged.setdefault(causes, []).extend(effect.layers)
    return [Effect(causes, tuple(layers)) for causes, layers in merged.items()]


def _names(found: Difference) -> dict[str, str]:
    """What causes of effects are called: the block or the definition that each is a part of."""
    used = {one.use.path: _name(some) for some in _together(found.digest.uses) for one in some}
    defined = {one.name: shared for shared in found.digest.shared if shared.block for one in shared.layers}
    names: dict[str, str] = {}
    for cause in {cause for effect in found.effects for cause in effect.causes}:
        outer = next((used[path] for path in around(cause) if path in used), None)
        if outer is not None:
            names[cause] = outer
        elif cause in defined:
            names[cause] = _layer_of(defined[cause])
    return names


def _name(some: Sequence[UseDifference]) -> str:
    """The path of a difference of blocks, or the names of the blocks if it has several paths."""
    paths = spans(difference.use.path for difference in some)
    blocks = dict.fromkeys(block.block or "" for difference in some for block in difference.use.blocks)
    return paths[0] if len(paths) == 1 else ", ".join(blocks)


def _layer_of(shared: SharedDifference) -> str:
    """The layer of a block: `basic.conv1`."""
    return f"{shared.block}.{local(shared.layers[0].name, shared.uses[0])}"
