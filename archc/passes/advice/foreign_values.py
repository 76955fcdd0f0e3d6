"""Values that are allowed, but more likely meant as another framework means them."""

from __future__ import annotations

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph


def foreign_values(graph: Graph) -> list[Finding]:
    """One finding for each layer whose op doubts one of its values."""
    findings: list[Finding] = []
    for node in graph.nodes:
        if doubt := node.op.unlikely():
            message, note = (text.replace("{name}", node.name) for text in (doubt.message, doubt.note))
            found = report(node.at(doubt.field), "ARC916", message, notes=[note], help=doubt.help, layer=node.name)
            findings.append(found)
    return findings
