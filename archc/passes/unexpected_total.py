"""Why a total is not the expected one: a single mistake that makes all expected totals fit exactly, if there is one.

A mistake is a number of groups, on one layer or on several; a bias, on one layer or on all of a kind; a number of
filters or units; the maps of the input; or another way to count. Several that fit are all named, up to a few: then any
may be the mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import gcd
from typing import NamedTuple

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph, Node
from archc.language.document import Spans
from archc.language.spec import Parallel
from archc.ops.weighted import Weighted
from archc.passes.changed import changed_graph
from archc.passes.changed_totals import Totals, changed_by_fields, changed_by_value
from archc.passes.counts import Counts
from archc.passes.counts import count as count_all
from archc.passes.placement import place
from archc.source import Span
from archc.tensor import Tensor
from archc.wording import counted, listed

# With more explanations than this, none is likely enough to be named.
_MOST_EXPLANATIONS = 3
# The same before their exchanges are compared, each of which takes a placement of the network.
_MOST_PLACED = 12
# Layers of which every combination is tried: 2^14 take about 20 ms.
_MOST_COMBINED = 14
# Numbers of groups that networks use on several layers, and none.
_GROUPS = (1, 2, 3, 4, 8, 16, 32, 64)
# Layers of which sets are tried at all; networks have a few hundred.
_MOST_GROUPED = 2_000
# Another width changes the layers after it: candidates times layers of the network that are tried at most.
_MOST_TRIED = 200_000
# Layers whose place is marked, and of a longer list how many are named.
_MOST_MARKED = 3
_MOST_NAMED = 6
# A width that is this many times as large or as small as the written one may still be meant, if it is not round.
_NEAR = 8
_MOST_WIDE = 65_536
_PICTURES = {1: "a grey picture", 3: "a colour picture"}

_WORDS = {"parameters": "parameters", "macs": "MACs"}


class _Explanation(NamedTuple):
    """What to change, as an imperative, why, and places with labels. `changes` are the fields by layer, if any."""

    remedy: str
    note: str
    places: tuple[tuple[Span, str], ...] = ()
    changes: Mapping[str, Mapping[str, object]] = {}

    @property
    def layers(self) -> frozenset[str]:
        return frozenset(self.changes)


class Exchanges(NamedTuple):
    """The exchanges that the spec expects, and what decides them besides the layers."""

    expected: list[str]
    parallel: Parallel
    batch: int

    def of(self, graph: Graph | None) -> list[str] | None:
        """Those of a network; None if it cannot be computed or split."""
        if graph is None:
            return None
        placement, uneven = place(graph, count_all(graph), self.parallel, self.batch)
        return None if uneven else sorted(exchange.layer for exchange in placement.exchanges)


def unexpected_totals(
    spans: Spans, graph: Graph, counts: Counts, expected: Totals, exchanges: Exchanges | None
) -> list[Finding]:
    """The findings on totals that differ: one if a single mistake explains all of them, else one for each.

    If that mistake explains the exchanges too, the finding marks where they are expected.
    """
    wrong = [field for field in expected if expected[field] != getattr(counts, field)]
    missing = {field: expected[field] - getattr(counts, field) for field in expected}
    explained = _explanations(graph, counts, missing, exchanges)
    if not explained:
        return [_finding(spans, counts, field, expected[field], []) for field in wrong]
    first, *others = wrong
    finding = _finding(spans, counts, first, expected[first], explained)
    also = [*others]
    if exchanges and exchanges.of(graph) != sorted(exchanges.expected) and _mend(graph, exchanges, explained):
        also.append("exchanges")
    return [
        finding._replace(
            message=f"{finding.message}{''.join(f'; {_difference(counts, each, expected[each])}' for each in others)}",
            related=(*finding.related, *((spans.value("expect", each), "") for each in also)),
        )
    ]


def _finding(spans: Spans, counts: Counts, field: str, expected: int, explanations: list[_Explanation]) -> Finding:
    total = getattr(counts, field)
    notes = [f"{total:,} - {expected:,} = {total - expected:+,}"]
    help = f"the layers give `{field}: {total}`"
    if explanations:
        notes += [explanation.note for explanation in explanations]
        help = ", or ".join(explanation.remedy for explanation in explanations)
        if all(explanation.layers for explanation in explanations):
            gives = "each gives" if len(explanations) > 1 else "that gives"
            help += f": {gives} {expected:,} {_WORDS[field]}"
    else:
        most = sorted(counts.layers, key=lambda name: -getattr(counts.layers[name], field))[:3]
        shares = ", ".join(f"{name} {share:,}" for name in most if (share := getattr(counts.layers[name], field)))
        notes.append(f"the largest shares: {shares}" if shares else "")
    places = dict.fromkeys(place for explanation in explanations for place in explanation.places)
    message = _difference(counts, field, expected)
    found = report(spans.value("expect", field), "ARC302", message, notes=notes, help=help, related=places)
    blamed = {(layer, name) for each in explanations for layer, change in each.changes.items() for name in change}
    return found._replace(blamed=frozenset(blamed))


def _difference(counts: Counts, field: str, expected: int) -> str:
    return f"expected {expected:,} {_WORDS[field]}, got {getattr(counts, field):,}"


def _mend(graph: Graph, exchanges: Exchanges, explained: list[_Explanation]) -> bool:
    return all(exchanges.of(changed_graph(graph, each.changes)) == sorted(exchanges.expected) for each in explained)


def _fitting(graph: Graph, explained: list[_Explanation], exchanges: Exchanges | None) -> list[_Explanation]:
    """Those that give the expected exchanges too, or else those that leave the exchanges as they are."""
    if exchanges is None:
        return explained
    now = exchanges.of(graph)
    given = [(each, exchanges.of(changed_graph(graph, each.changes))) for each in explained]
    due = sorted(exchanges.expected)
    return [each for each, found in given if found == due] or [e for e, found in given if found == now != due]


def _explanations(graph: Graph, counts: Counts, missing: Totals, exchanges: Exchanges | None) -> list[_Explanation]:
    """All that fit; none if they are too many. `missing` is what each expected total has more than is counted."""
    found: dict[tuple[str, frozenset[str]], _Explanation] = {}
    for explanation in _candidates(graph, counts, missing):
        # One layer may be all layers of its kind.
        key = (explanation.remedy.split(" on ")[0], explanation.layers)
        found.setdefault(key, explanation)
        if len(found) > (_MOST_EXPLANATIONS if exchanges is None else _MOST_PLACED):
            return []
    fitting = _fitting(graph, list(found.values()), exchanges)
    return fitting if len(fitting) <= _MOST_EXPLANATIONS else []


def _candidates(graph: Graph, counts: Counts, missing: Totals) -> Iterator[_Explanation]:
    yield from _other_count(counts, missing)
    inputs = list(_inputs(graph, missing))
    yield from inputs
    # With other maps, groups of them are no likely mistake.
    yield from (each for each in _groups_of_one(graph, counts, missing) if not inputs or not _reads(graph, each))
    yield from _groups_of_several(graph, counts, missing)
    yield from _biases(graph, missing)
    yield from _widths(graph, missing)


def _reads(graph: Graph, explanation: _Explanation) -> bool:
    """Whether it changes a layer that reads the input."""
    return any(not graph.inputs.keys().isdisjoint(graph.node(name).inputs) for name in explanation.layers)


def _other_count(counts: Counts, missing: Totals) -> Iterator[_Explanation]:
    """Operations counted as two, and statistics counted as parameters."""
    macs, parameters = missing.get("macs", 0), missing.get("parameters", 0)
    if macs == counts.macs and macs and not parameters:
        note = "a multiplication and an addition counted apart are two operations, twice the MACs"
        yield _Explanation(f"use `macs: {counts.macs}`, since a MAC is one operation", note)
    if parameters == counts.statistics and parameters and not macs:
        note = f"the {counts.statistics:,} running statistics are not trained, so they are not parameters here"
        yield _Explanation(f"use `parameters: {counts.parameters}`, which leaves out running statistics", note)


def _groups_of_one(graph: Graph, counts: Counts, missing: Totals) -> Iterator[_Explanation]:
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


def _groups_of_several(graph: Graph, counts: Counts, missing: Totals) -> Iterator[_Explanation]:
    """One number of groups on several layers: on any of a few, or on all with the same kernel; or depthwise layers."""
    layers = [node for node in graph.nodes if node.op.has_groups() and counts.layers[node.name].weights]
    if len(layers) > _MOST_GROUPED:
        return
    for wanted in _GROUPS:
        able = {
            node.name: change
            for node in layers
            if node.op.reach().groups != wanted
            and (change := changed_by_fields(graph, node, {"groups": wanted}, missing))
        }
        if len(able) <= _MOST_COMBINED:
            sets = _combinations(able, missing)
        else:
            sets = [names for names in _by_kernel(graph, able) if _sum(able[name] for name in names) == missing]
        for names in sets:
            if len(names) > 1:
                yield _of_groups(counts, [graph.node(name) for name in names], wanted)
    deep = [node for node in layers if _could_be_depthwise(graph, node)]
    changes = [changed_by_fields(graph, node, {"groups": node.output.channels}, missing) for node in deep]
    if len(deep) > 1 and all(changes) and _sum(change for change in changes if change) == missing:
        names = _layers([node.name for node in deep])
        note = f"{names} have as many filters as input maps: depthwise, each filter reads one of them"
        remedy = f"use `groups:` with the number of filters on {names}"
        deepest = {node.name: {"groups": node.output.channels} for node in deep}
        yield _Explanation(remedy, note, _places(deep, "groups"), deepest)


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


def _combinations(changes: Mapping[str, Totals], missing: Totals) -> list[tuple[str, ...]]:
    """Those of the layers whose changes together are `missing`, at most one more than is named."""
    fields = tuple(missing)
    sums: dict[tuple[int, ...], list[tuple[str, ...]]] = {(0,) * len(fields): [()]}
    for name, change in changes.items():
        for total, ways in list(sums.items()):
            more = tuple(part + change[field] for part, field in zip(total, fields, strict=True))
            longer = [(*way, name) for way in ways]
            sums[more] = [*sums.get(more, []), *longer][: _MOST_EXPLANATIONS + 2]
    return sums.get(tuple(missing[field] for field in fields), [])


def _of_groups(counts: Counts, nodes: list[Node], wanted: int) -> _Explanation:
    names = _layers([node.name for node in nodes])
    groups = {node.op.reach().groups or 1 for node in nodes}
    weights = sum(counts.layers[node.name].weights for node in nodes)
    its, has = ("its", "has") if len(nodes) == 1 else ("their", "have")
    note = f"with `groups: {wanted}`, {names} {has} fewer than {its} {weights:,} weights"
    if len(groups) == 1:
        (now,) = groups
        note = f"with `groups: {wanted}`, {names} {has} {_share(now, wanted)} {its} {weights:,} weights"
    changes = {node.name: {"groups": wanted} for node in nodes}
    return _Explanation(f"use `groups: {wanted}` on {names}", note, _places(nodes, "groups"), changes)


def _share(groups: int, wanted: int) -> str:
    """How much of its weights a layer has with another number of groups: `half of`."""
    common = gcd(groups, wanted)
    if wanted == common:
        return "twice" if groups == 2 * common else f"{groups // common} times"
    return "half of" if wanted == 2 * groups else f"{groups // common}/{wanted // common} of"


def _biases(graph: Graph, missing: Totals) -> Iterator[_Explanation]:
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
        if any(reader.op.normalises in ("batch", "map") for reader in graph.readers[name]):
            kinds.setdefault("normalised", []).append(name)
    sets = [[name] for name, size in sizes.items() if size == wanted][: _MOST_EXPLANATIONS + 1]
    sets += [names for names in kinds.values() if sum(sizes[name] for name in names) == wanted]
    value = "false" if has_bias else "true"
    for names in sets:
        nodes = [graph.node(name) for name in names]
        if _sum(changed_by_fields(graph, node, {"bias": not has_bias}, missing) or {} for node in nodes) != missing:
            continue
        of = f"{_layers(names)} {'has' if len(names) == 1 else 'have'}"
        note = f"{of} {counted(wanted, 'bias', 'biases')}" if has_bias else f"{of} no bias: {wanted:,} parameters"
        changes = {name: {"bias": not has_bias} for name in names}
        yield _Explanation(f"use `bias: {value}` on {_layers(names)}", note, _places(nodes, "bias"), changes)


def _widths(graph: Graph, missing: Totals) -> Iterator[_Explanation]:
    """Another number of filters or units in one layer, which also changes the layers after it."""
    nodes = [node for node in graph.nodes if isinstance(node.op, Weighted) and node.op.channels_field]
    if len(nodes) * len(graph.nodes) > _MOST_TRIED:
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
            yield _Explanation(remedy, note, _places([node], field), {node.name: {field: wanted}})


def _is_plausible(wanted: int, width: int) -> bool:
    """Whether a width may have been meant: one near the written one, or a round number, such as 10, 1000 or 4096."""
    if wanted < 1:
        return False
    is_near = wanted <= _NEAR * width and width <= _NEAR * wanted
    is_round = not wanted & (wanted - 1) or not str(wanted)[1:].strip("0")
    return is_near or (is_round and wanted <= _MOST_WIDE)


def _inputs(graph: Graph, missing: Totals) -> Iterator[_Explanation]:
    """Another number of maps in the input: a grey picture has 1, a colour picture 3."""
    for name, x in graph.inputs.items():
        for maps, picture in _PICTURES.items():
            other = Tensor((maps, *x.shape[1:]))
            if x.is_maps and maps != x.channels and changed_by_value(graph, name, other, missing) == missing:
                note = f"{name} has {counted(x.channels, 'map')}; {picture} has {maps}"
                yield _Explanation(f"use `input: {{{name}: {list(other.shape)}}}`", note)


def _sum(changes: Iterable[Totals]) -> Totals:
    total: dict[str, int] = {}
    for change in changes:
        for field, number in change.items():
            total[field] = total.get(field, 0) + number
    return total


def _layers(names: list[str]) -> str:
    """The layers in a sentence: `conv2, conv4 and conv5`."""
    if len(names) > _MOST_NAMED:
        return listed(names, most=_MOST_NAMED)
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def _places(nodes: list[Node], field: str) -> tuple[tuple[Span, str], ...]:
    labels = [f"{field} is {_written(node, field)}" for node in nodes[:_MOST_MARKED]]
    return tuple((node.at(field), label) for node, label in zip(nodes, labels, strict=False))


def _written(node: Node, field: str) -> str:
    value = getattr(node.op, field)
    return str(value).lower() if isinstance(value, bool) else str(value)
