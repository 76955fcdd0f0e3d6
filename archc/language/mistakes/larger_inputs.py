"""The usual sizes of inputs that a spec leaves free, for a network that needs larger ones."""

from __future__ import annotations

from archc.diagnostics.finding import Finding
from archc.graph import Graph
from archc.language.document import Document
from archc.language.lowering import lower

_MOST = 4096
"""The largest multiple of the usual sizes that is tried."""


def larger(document: Document, graph: Graph, findings: list[Finding]) -> tuple[Graph, list[Finding]]:
    """The graph and the findings at the first double of the usual sizes that has the fewest errors.

    These are the given ones if a larger input mends none.
    """
    tried = [(graph, findings)]
    times = 2
    while tried[-1][1] and times <= _MOST:
        tried.append(lower(document, times))
        times *= 2
    return min(tried, key=lambda each: sum(finding.severity == "error" for finding in each[1]))
