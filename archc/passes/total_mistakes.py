"""Single mistakes that make all expected totals fit exactly, as candidates for `unexpected_total`.

A mistake is a number of groups, on one layer or on several; a bias, on one layer or on all of a kind; a number of
filters or units; the maps of the input; or another way to count. Those of windows are in `total_windows`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from math import gcd
from typing import NamedTuple

from archc.graph import Graph, Node
from archc.language.field_table import as_written
from archc.ops.fields import Margins, Size
from archc.ops.weighted import Weighted
from archc.passes.changed import changed_graph
from archc.passes.changed_totals import Totals, changed_by_fields, changed_by_value
from archc.passes.counts import Counts
from archc.source import Span
from archc.tensor import Tensor
from archc.wording import counted, listed

MOST_EXPLANATIONS = 3
"""With more explanations than this, none is likely enough to be named."""
MOST_PLACED = 12
"""As many may be named before their exchanges are compared, each of which takes a placement of the network."""
# Layers of which every combination is tried: 2^14 take about 20 ms.
_MOST_COMBINED = 14
# Numbers of groups that networks use on several layers, and none.
_GROUPS = (1, 2, 3, 4, 8, 16, 32, 64)
# Layers of which sets are tried at all; networks have a few hundred.
_MOST_GROUPED = 2_000
MOST_TRIED = 200_000
"""Another shape changes the layers after it: candidates times layers of the network that are tried at most."""
# Layers whose place is marked, and of a longer list how many are named.
_MOST_MARKED = 3
_MOST_NAMED = 6
# A width that is this many times as large or as small as the written one may still be meant, if it is not round.
_NEAR = 8
_MOST_WIDE = 65_536
_PICTURES = {1: "a grey picture", 3: "a colour picture"}


class Explanation(NamedTuple):
    """What to change, as an imperative, why, and places with labels. `changes` are the fields by layer, if any.

    `other` is the network with layers added or deleted, if that is the change.
    """

    remedy: str
    notes: tuple[str, ...]
    places: tuple[tuple[Span, str], ...] = ()
    changes: Mapping[str, Mapping[str, object]] = {}
    other: Graph | None = None

    @property
    def layers(self) -> frozenset[str]:
        return frozenset(self.changes)

    def mended(self, graph: Graph) -> Graph | None:
        """The network after the change; None if a layer cannot take its input then."""
        return self.other or changed_graph(graph, self.changes)


Fits = Callable[[Totals], bool]
"""Whether a change of the totals is one that explains them."""


def candidates(graph: Graph, counts: Counts, missing: Totals) -> Iterator[Explanation]:
    yield from _other_count(graph, counts, missing)
    inputs = list(_inputs(graph, missing))
    yield from inputs
    # With other maps, groups of them are no likely mistake.
    yield from (each for each in _groups_of_one(graph, counts, missing) if not inputs or not _reads(graph, each))
    yield from _groups_of_several(graph, counts, missing, lambda change: change == missing)
    yield from _biases(graph, missing)
    yield from _widths(graph, missing)


def _reads(graph: Graph, explanation: Explanation) -> bool:
    """Whether it changes a layer that reads the input."""
    return any(not graph.inputs.keys().isdisjoint(graph.node(name).inputs) for name in explanation.layers)


def _other_count(graph: Graph, counts: Counts, missing: Totals) -> Iterator[Explanation]:
    """Operations counted as two, statistics counted as parameters, and biases not counted."""
    macs, parameters = missing.get("macs", 0), missing.get("parameters", 0)
    if macs == counts.macs and macs and not parameters:
        note = "a multiplication and an addition counted apart are two operations, twice the MACs"
        yield Explanation(f"use `macs: {counts.macs}`, since a MAC is one operation", (note,))
    if parameters == counts.statistics and parameters and not macs:
        note = f"the {counts.statistics:,} running statistics are not trained, so they are not parameters here"
        yield Explanation(f"use `parameters: {counts.parameters}`, which leaves out running statistics", (note,))
    if parameters == -counts.biases and parameters and not macs:
        yield Explanation(
            f"use `parameters: {counts.parameters}`, which counts biases", (uncounted(counts, counts.parameters),)
        )
    yield from _of_other_parts(graph, counts, parameters, macs)


def _of_other_parts(graph: Graph, counts: Counts, parameters: int, macs: int) -> Iterator[Explanation]:
    """Running statistics and biases counted together, as Keras does; or only the layers before the dense ones."""
    bare = sum(
        node.output.channels
        for node in graph.nodes
        if isinstance(node.op, Weighted) and not node.op.bias and _is_normalised(graph, node)
    )
    if bare and counts.statistics and parameters == counts.statistics + bare:
        note = f"{counts.statistics:,} running statistics are not trained, and {bare:,} biases before normalisations"
        note += f" are in Keras's network but not in this one: {counts.statistics:,} + {bare:,} = {parameters:,}"
        yield Explanation(f"use `parameters: {counts.parameters}`, which has neither", (note,))
    yield from _of_first_layers(graph, counts, {"parameters": parameters, "macs": macs})


def _of_first_layers(graph: Graph, counts: Counts, missing: Totals) -> Iterator[Explanation]:
    """A total of only the layers before the dense ones, or before one of them."""
    differing = [field for field, more in missing.items() if more]
    if len(differing) != 1:
        return
    (field,) = differing
    total, counted_up = getattr(counts, field), 0
    for node in graph.nodes:
        more = getattr(counts.layers[node.name], field)
        if counted_up and more and counted_up == total + missing[field] and node.output.is_vector:
            words = "parameters" if field == "parameters" else "MACs"
            note = f"the layers before {node.name} have {counted_up:,} {words}; the others are not counted"
            yield Explanation(f"use `{field}: {total}`, which counts all layers", (note,))
            return
        counted_up += more


def uncounted(counts: Counts, total: int) -> str:
    """Why a number is less than a total by all biases."""
    return f"{total - counts.biases:,} leaves out the {counts.biases:,} biases of {total:,} parameters"


def _groups_of_one(graph: Graph, counts: Counts, missing: Totals) -> Iterator[Explanation]:
    """Another number of groups on one layer."""
    for node in graph.nodes:
        own = counts.layers[node.name]
        groups = node.op.reach().groups if node.op.has_groups() else None
        total, more = (own.weights, missing["parameters"]) if "parameters" in missing else (own.macs, missing["macs"])
        # More groups divide the weights, and with them the multiply-accumulates.
        if not groups or not total or total + more <= 0 or groups * total % (total + more):
            continue
        wanted = groups * total // (total + more)
        if wanted != groups and changed_by_fields(graph, node, {"groups": wanted}, missing) == missing:
            yield _of_groups(counts, [node], wanted)


def groups_of_any(graph: Graph, counts: Counts, missing: Totals, fits: Fits) -> list[Explanation]:
    """One number of groups, the first of the usual ones that does, on layers whose changes together fit."""
    for wanted in _GROUPS:
        found = _groups_of_several(graph, counts, missing, fits, numbers=(wanted,), least=1)
        if some := list(islice(found, MOST_PLACED + 1)):
            return some
    return []


def _groups_of_several(
    graph: Graph,
    counts: Counts,
    missing: Totals,
    fits: Fits,
    *,
    numbers: tuple[int, ...] = _GROUPS,
    least: int = 2,
) -> Iterator[Explanation]:
    """One number of groups on several layers: on any of a few, or on all with the same kernel; or depthwise layers."""
    layers = [node for node in graph.nodes if node.op.has_groups() and counts.layers[node.name].weights]
    if len(layers) > _MOST_GROUPED:
        return
    for wanted in numbers:
        able = {
            node.name: change
            for node in layers
            if node.op.reach().groups != wanted
            and (change := changed_by_fields(graph, node, {"groups": wanted}, missing))
        }
        if len(able) <= _MOST_COMBINED:
            sets = _combinations(able, missing, fits)
        else:
            sets = [names for names in _by_kernel(graph, able) if fits(added(able[name] for name in names))]
        for names in sets:
            if len(names) >= least:
                yield _of_groups(counts, [graph.node(name) for name in names], wanted)
    deep = [node for node in layers if _could_be_depthwise(graph, node)]
    changes = [changed_by_fields(graph, node, {"groups": node.output.channels}, missing) for node in deep]
    if len(deep) > 1 and all(changes) and fits(added(change for change in changes if change)):
        names = layers_of([node.name for node in deep])
        note = f"{names} have as many filters as input maps: depthwise, each filter reads one of them"
        remedy = f"use `groups:` with the number of filters on {names}"
        deepest = {node.name: {"groups": node.output.channels} for node in deep}
        yield Explanation(remedy, (note,), places(deep, "groups"), deepest)


def _could_be_depthwise(graph: Graph, node: Node) -> bool:
    (x,) = graph.tensors(node.inputs)
    window = node.op.window((x,))
    is_wide = window is not None and window.kernel.area > 1
    return is_wide and node.op.reach().groups == 1 and x.channels == node.output.channels > 1


def _by_kernel(graph: Graph, names: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """The layers, all of them and by the size of their kernel."""
    kinds: dict[object, list[str]] = {}
    for name in names:
        window = graph.node(name).op.window(graph.tensors(graph.node(name).inputs))
        kinds.setdefault(window.kernel if window else None, []).append(name)
    yield tuple(name for kind in kinds.values() for name in kind)
    if len(kinds) > 1:
        yield from map(tuple, kinds.values())


def _combinations(changes: Mapping[str, Totals], fields: Iterable[str], fits: Fits) -> list[tuple[str, ...]]:
    """Those of the layers whose changes together fit, for each sum at most one more than is named."""
    fields = tuple(fields)
    sums: dict[tuple[int, ...], list[tuple[str, ...]]] = {(0,) * len(fields): [()]}
    for name, change in changes.items():
        for total, ways in list(sums.items()):
            more = tuple(part + change[field] for part, field in zip(total, fields, strict=True))
            longer = [(*way, name) for way in ways]
            sums[more] = [*sums.get(more, []), *longer][: MOST_EXPLANATIONS + 2]
    return [way for total, ways in sums.items() if fits(dict(zip(fields, total, strict=True))) for way in ways]


def _of_groups(counts: Counts, nodes: list[Node], wanted: int) -> Explanation:
    names = layers_of([node.name for node in nodes])
    groups = {node.op.reach().groups or 1 for node in nodes}
    weights = sum(counts.layers[node.name].weights for node in nodes)
    its, has = ("its", "has") if len(nodes) == 1 else ("their", "have")
    note = f"with `groups: {wanted}`, {names} {has} fewer than {its} {weights:,} weights"
    if len(groups) == 1:
        (now,) = groups
        note = f"with `groups: {wanted}`, {names} {has} {_share(now, wanted)} {its} {weights:,} weights"
    changes = {node.name: {"groups": wanted} for node in nodes}
    return Explanation(f"use `groups: {wanted}` on {names}", (note,), places(nodes, "groups"), changes)


def _share(groups: int, wanted: int) -> str:
    """How much of its weights a layer has with another number of groups: `half of`."""
    common = gcd(groups, wanted)
    if wanted == common:
        return "twice" if groups == 2 * common else f"{groups // common} times"
    return "half of" if wanted == 2 * groups else f"{groups // common}/{wanted // common} of"


def _biases(graph: Graph, missing: Totals) -> Iterator[Explanation]:
    """A bias that is missing or too many: on one layer, on all of an op, before normalisations of maps, or at all."""
    if missing.get("macs") or not missing.get("parameters"):
        return
    has_bias = missing["parameters"] < 0
    sizes = {
        node.name: node.output.channels
        for node in graph.nodes
        if isinstance(node.op, Weighted) and node.op.bias == has_bias
    }
    wanted = abs(missing["parameters"])
    kinds: dict[str, list[str]] = {"": [*sizes]}
    for name in sizes:
        kinds.setdefault(graph.node(name).op.op, []).append(name)
        if _is_normalised(graph, graph.node(name)):
            kinds.setdefault("normalised", []).append(name)
    sets = [[name] for name, size in sizes.items() if size == wanted][: MOST_EXPLANATIONS + 1]
    sets += [names for names in kinds.values() if sum(sizes[name] for name in names) == wanted]
    value = "false" if has_bias else "true"
    for names in sets:
        nodes = [graph.node(name) for name in names]
        if added(changed_by_fields(graph, node, {"bias": not has_bias}, missing) or {} for node in nodes) != missing:
            continue
        of = f"{layers_of(names)} {'has' if len(names) == 1 else 'have'}"
        note = f"{of} {counted(wanted, 'bias', 'biases')}" if has_bias else f"{of} no bias: {wanted:,} parameters"
        changes = {name: {"bias": not has_bias} for name in names}
        yield Explanation(f"use `bias: {value}` on {layers_of(names)}", (note,), places(nodes, "bias"), changes)


def _is_normalised(graph: Graph, node: Node) -> bool:
    return any(reader.op.normalises in ("batch", "map") for reader in graph.readers[node.name])


def _widths(graph: Graph, missing: Totals) -> Iterator[Explanation]:
    """Another number of filters or units in one layer, which also changes the layers after it."""
    nodes = [node for node in graph.nodes if isinstance(node.op, Weighted) and node.op.channels_field]
    if len(nodes) * len(graph.nodes) > MOST_TRIED:
        return
    for node in nodes:
        field = node.op.channels_field
        assert field is not None
        width: int = getattr(node.op, field)
        # Totals are linear in a layer's width, and twice the width keeps what its groups divide.
        doubled = changed_by_fields(graph, node, {field: 2 * width}, missing)
        total = next((name for name in missing if missing[name]), None)
        if not doubled or total is None or not doubled[total] or missing[total] * width % doubled[total]:
            continue
        wanted = width + missing[total] * width // doubled[total]
        if _is_plausible(wanted, width) and changed_by_fields(graph, node, {field: wanted}, missing) == missing:
            note = f"{node.name} has {width:,} {field}"
            remedy = f"use `{field}: {wanted}` on {node.name}"
            yield Explanation(remedy, (note,), places([node], field), {node.name: {field: wanted}})


def _is_plausible(wanted: int, width: int) -> bool:
    """Whether a width may have been meant: one near the written one, or a round number, such as 10, 1000 or 4096."""
    if wanted < 1:
        return False
    is_near = wanted <= _NEAR * width and width <= _NEAR * wanted
    is_round = not wanted & (wanted - 1) or not str(wanted)[1:].strip("0")
    return is_near or (is_round and wanted <= _MOST_WIDE)


def _inputs(graph: Graph, missing: Totals) -> Iterator[Explanation]:
    """Another number of maps in the input: a grey picture has 1, a colour picture 3."""
    for name, x in graph.inputs.items():
        for maps, picture in _PICTURES.items():
            other = Tensor((maps, *x.shape[1:]))
            if x.is_maps and maps != x.channels and changed_by_value(graph, name, other, missing) == missing:
                note = f"{name} has {counted(x.channels, 'map')}; {picture} has {maps}"
                yield Explanation(f"use `input: {{{name}: {list(other.shape)}}}`", (note,))


def added(changes: Iterable[Totals]) -> Totals:
    """Changes of several layers together."""
    total: dict[str, int] = {}
    for change in changes:
        for field, number in change.items():
            total[field] = total.get(field, 0) + number
    return total


def layers_of(names: list[str]) -> str:
    """The layers in a sentence: `conv2, conv4 and conv5`."""
    if len(names) > _MOST_NAMED:
        return listed(names, most=_MOST_NAMED)
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def places(nodes: list[Node], field: str) -> tuple[tuple[Span, str], ...]:
    labels = [f"{field} is {_written(node, field)}" for node in nodes[:_MOST_MARKED]]
    return tuple((node.at(field), label) for node, label in zip(nodes, labels, strict=False))


def _written(node: Node, field: str) -> str:
    value = getattr(node.op, field)
    return str(value) if isinstance(value, Size) else as_written([*value] if isinstance(value, Margins) else value)
