"""Findings that only follow from another: errors of layers that cannot take a wrong shape, and advice on a network that
has a mistake in its totals.

Only a mistaken spec needs this.
"""

from __future__ import annotations

from archc.diagnostics.finding import Finding
from archc.graph import Graph


def causes_only(findings: list[Finding], unexpected: list[Finding], graph: Graph) -> list[Finding]:
    """The findings without shape errors of layers that read, directly or not, one of the unexpected shapes."""
    wrong = {finding.layer for finding in unexpected if finding.code == "ARC301"}
    if not wrong:
        return findings
    for node in graph.nodes:
        if not wrong.isdisjoint(node.inputs):
            wrong.add(node.name)
    # A layer that fails is not in the graph; what it reads is marked in its finding.
    places = {node.span for node in graph.nodes if node.name in wrong}
    return [
        finding
        for finding in findings
        if not finding.code.startswith("ARC2") or places.isdisjoint(span for span, _ in finding.related)
    ]


def advice_on_all(advice: list[Finding], others: list[list[Finding]]) -> list[Finding]:
    """The advice that is also given, for the same layer, on each of the networks without a mistake."""
    given = [{(each.code, each.layer) for each in other} for other in others]
    return [finding for finding in advice if all((finding.code, finding.layer) in each for each in given)]
