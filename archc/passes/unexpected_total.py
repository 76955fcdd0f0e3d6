"""Why a total is not the expected one: a single mistake that makes all expected totals fit exactly, if there is one.

`total_mistakes` and `total_windows` list the mistakes. Several that fit are all named, up to a few: then any may be the
mistake. Where none fits, the expected number may be a round one, or leave out the biases.
"""

from __future__ import annotations

from typing import NamedTuple

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph
from archc.language.document import Spans
from archc.language.spec import Parallel
from archc.ops.weighted import Weighted
from archc.passes.changed_totals import Totals
from archc.passes.counts import Counts
from archc.passes.counts import count as count_all
from archc.passes.halved_widths import halved
from archc.passes.papers_groups import as_in_the_paper
from archc.passes.placement import place
from archc.passes.suspected_windows import suspected
from archc.passes.total_layers import of_layers
from archc.passes.total_mistakes import (
    MOST_EXPLANATIONS,
    MOST_PLACED,
    Explanation,
    candidates,
    groups_of_any,
    uncounted,
)
from archc.passes.total_windows import of_windows

# A number that ends in so many zeros may be a round one; of other networks, it must give at least so many digits.
_ROUND = 3
_DIGITS = 3

_WORDS = {"parameters": "parameters", "macs": "MACs"}


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


class _Explained(NamedTuple):
    """What explains the totals. `total` is that of the mended network where the expected number states it otherwise."""

    explanations: list[Explanation]
    total: int | None = None
    note: str = ""

    def __bool__(self) -> bool:
        return bool(self.explanations)


def unexpected_totals(
    spans: Spans, graph: Graph, counts: Counts, expected: Totals, exchanges: Exchanges | None
) -> tuple[list[Finding], list[Graph]]:
    """The findings on totals that differ: one if a single mistake explains all of them, else one for each.

    If that mistake explains the exchanges too, the finding marks where they are expected. Beside the findings, the
    networks without the mistake.
    """
    wrong = [field for field in expected if expected[field] != getattr(counts, field)]
    missing = {field: expected[field] - getattr(counts, field) for field in expected}
    explained = _Explained(_explanations(graph, counts, missing, exchanges))
    if not explained:
        explained = _restated(graph, counts, expected, exchanges) or _paired(graph, expected, exchanges)
    if not explained:
        return [_finding(spans, graph, counts, field, expected[field], explained) for field in wrong], []
    explained = explained._replace(explanations=as_in_the_paper(graph, explained.explanations))
    first, *others = wrong
    finding = _finding(spans, graph, counts, first, expected[first], explained)
    also = [*others]
    if (
        exchanges
        and exchanges.of(graph) != sorted(exchanges.expected)
        and _mend(graph, exchanges, explained.explanations)
    ):
        also.append("exchanges")
    found = finding._replace(
        message=f"{finding.message}{''.join(f'; {_difference(counts, each, expected[each])}' for each in others)}",
        related=(*finding.related, *((spans.value("expect", each), "") for each in also)),
    )
    return [found], [other for each in explained.explanations if (other := each.mended(graph))]


def _finding(spans: Spans, graph: Graph, counts: Counts, field: str, expected: int, explained: _Explained) -> Finding:
    total, explanations = getattr(counts, field), explained.explanations
    notes = [f"{total:,} - {expected:,} = {total - expected:+,}"]
    help = f"the layers give `{field}: {total}`"
    if explanations:
        notes += dict.fromkeys(note for explanation in explanations for note in explanation.notes)
        notes.append(explained.note)
        help = ", or ".join(explanation.remedy for explanation in explanations)
        if all(explanation.layers or explanation.other for explanation in explanations):
            gives = "each gives" if len(explanations) > 1 else "that gives"
            help += f": {gives} {explained.total or expected:,} {_WORDS[field]}"
        if explained.total:
            help += f"; write `{field}: {explained.total}`"
    else:
        most = sorted(counts.layers, key=lambda name: -getattr(counts.layers[name], field))[:3]
        shares = ", ".join(f"{name} {share:,}" for name in most if (share := getattr(counts.layers[name], field)))
        notes.append(f"the largest shares: {shares}" if shares else "")
        meant = _operations(expected, total) if field == "macs" else _values(graph, expected)
        notes.append(_rounded(expected, total) or meant)
    places = dict.fromkeys(place for explanation in explanations for place in explanation.places)
    message = _difference(counts, field, expected)
    found = report(spans.value("expect", field), "ARC302", message, notes=notes, help=help, related=places)
    blamed = {(layer, name) for each in explanations for layer, change in each.changes.items() for name in change}
    return found._replace(blamed=frozenset(blamed))


def _difference(counts: Counts, field: str, expected: int) -> str:
    return f"expected {expected:,} {_WORDS[field]}, got {getattr(counts, field):,}"


def _mend(graph: Graph, exchanges: Exchanges, explained: list[Explanation]) -> bool:
    return all(exchanges.of(each.mended(graph)) == sorted(exchanges.expected) for each in explained)


def _fitting(graph: Graph, explained: list[Explanation], exchanges: Exchanges | None) -> list[Explanation]:
    """Those that give the expected exchanges too, or else those that leave the exchanges as they are."""
    if exchanges is None:
        return explained
    now = exchanges.of(graph)
    given = [(each, exchanges.of(each.mended(graph))) for each in explained]
    due = sorted(exchanges.expected)
    return [each for each, found in given if found == due] or [e for e, found in given if found == now != due]


def _explanations(graph: Graph, counts: Counts, missing: Totals, exchanges: Exchanges | None) -> list[Explanation]:
    """All that fit; none if they are too many. `missing` is what each expected total has more than is counted."""
    found: dict[tuple[str, frozenset[str]], Explanation] = {}
    layers = list(of_layers(graph, counts, missing))
    # A width that only makes up for a layer that is missing or too many is an odd number.
    single = [each for each in candidates(graph, counts, missing) if not (layers and _is_width(graph, each))]
    for explanation in (*layers, *single, *of_windows(graph, missing)):
        # One layer may be all layers of its kind.
        key = (explanation.remedy.split(" on ")[0], explanation.layers)
        found.setdefault(key, explanation)
        if len(found) > (MOST_EXPLANATIONS if exchanges is None else MOST_PLACED):
            return []
    fitting = _fitting(graph, list(found.values()), exchanges)
    return fitting if len(fitting) <= MOST_EXPLANATIONS else []


def _is_width(graph: Graph, explanation: Explanation) -> bool:
    return any(graph.node(name).op.channels_field in change for name, change in explanation.changes.items())


def _restated(graph: Graph, counts: Counts, expected: Totals, exchanges: Exchanges | None) -> _Explained:
    """Groups that give a network whose total the expected number rounds, or gives without the biases."""

    def fits(change: Totals) -> bool:
        found = {field: getattr(counts, field) + change[field] for field in expected}
        return all(_states(counts, field, expected[field], found[field]) for field in expected)

    nothing = _Explained([])
    if "parameters" not in expected or fits(dict.fromkeys(expected, 0)):
        return nothing
    if _rounded(expected["parameters"], counts.parameters):
        return nothing
    found = groups_of_any(graph, counts, expected, fits)
    fitting = _fitting(graph, found, exchanges) if len(found) <= MOST_PLACED else []
    mended = [each.mended(graph) for each in fitting]
    totals = {count_all(other).parameters for other in mended if other is not None}
    if len(totals) != 1 or len(fitting) > MOST_EXPLANATIONS:
        return nothing
    return _of_total(fitting, counts, expected["parameters"], *totals)


def _of_total(explanations: list[Explanation], counts: Counts, stated: int, total: int) -> _Explained:
    """What explains a stated number, by a total that it may state in another way."""
    if stated == total:
        return _Explained(explanations)
    return _Explained(explanations, total, _rounded(stated, total) or uncounted(counts, total))


def _paired(graph: Graph, expected: Totals, exchanges: Exchanges | None) -> _Explained:
    """What is doubtful by itself, windows or halved widths, alone or with groups that explain the rest."""
    if "parameters" not in expected:
        return _Explained([])
    doubted = suspected(graph)
    for first in (*([doubted] if doubted else []), *halved(graph)):
        mended = first.mended(graph)
        if mended is None:
            continue
        counts = count_all(mended)
        if all(_states(counts, field, expected[field], getattr(counts, field)) for field in expected):
            return _of_total([first], counts, expected["parameters"], counts.parameters)
        if second := _restated(mended, counts, expected, exchanges):
            return second._replace(explanations=[_both(first, each) for each in second.explanations])
    return _Explained([])


def _both(first: Explanation, second: Explanation) -> Explanation:
    changes = {**first.changes}
    for layer, fields in second.changes.items():
        changes[layer] = {**changes.get(layer, {}), **fields}
    remedy = f"{first.remedy} and {second.remedy.removeprefix('use ')}"
    return Explanation(remedy, (*first.notes, *second.notes), (*first.places, *second.places), changes)


def _operations(stated: int, macs: int) -> str:
    """A note that a number rounds the operations of a network, of which a MAC is two; empty if it does not."""
    rounds = _rounded(stated, 2 * macs, digits=2)
    return f"{rounds}: a multiplication and an addition counted apart, twice the MACs" if rounds else ""


def _values(graph: Graph, stated: int) -> str:
    """A note that a number is that of the values that the layers with weights give, the paper's 650,000 neurons."""
    values = sum(node.output.size for node in graph.nodes if isinstance(node.op, Weighted))
    if stated != values and not _rounded(stated, values, digits=2):
        return ""
    return f"the layers with weights give {values:,} values, or neurons, which are not parameters"


def _states(counts: Counts, field: str, stated: int, total: int) -> bool:
    """Whether a number may be meant for a total: as it is, without the biases, or in three digits or more."""
    leaves_out = field == "parameters" and stated + counts.biases == total
    return stated == total or leaves_out or bool(_rounded(stated, total, digits=_DIGITS))


def _rounded(stated: int, total: int, *, digits: int = 1) -> str:
    """A note that a number rounds a total, down or to the nearest; empty if it is not a round one, or does not.

    It has at least so many `digits`: the last of them can be 0, as in 61.0 million.
    """
    zeros = len(str(stated)) - max(len(str(stated).rstrip("0")), digits)
    unit = 10 ** max(zeros, 0)
    kept = len(str(stated)) - zeros
    if not stated or zeros < _ROUND or not stated - unit // 2 <= total < stated + unit:
        return ""
    return f"{stated:,} is {total:,} in {kept} {'digit' if kept == 1 else 'digits'}"
