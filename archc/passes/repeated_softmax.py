"""Whether a softmax reads probabilities: those of another softmax, with nothing learned in between."""

from __future__ import annotations

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph, Node
from archc.wording import listed


def repeated_softmax(graph: Graph) -> list[Finding]:
    """A finding for each softmax of a softmax; of several in a row, only for the first."""
    findings: list[Finding] = []
    # By value: the softmax whose probabilities it has.
    origins: dict[str, Node] = {}
    for node in graph.nodes:
        source, *others = node.inputs
        origin = None if others else origins.get(source)
        if node.op.scores_as == "probabilities":
            if origin is not None:
                findings.append(_twice(graph, node, origin))
            else:
                origins[node.name] = node
        elif origin is not None and not node.op.parameters(graph.tensors(node.inputs)):
            origins[node.name] = origin
    return findings


def _twice(graph: Graph, node: Node, first: Node) -> Finding:
    between = [each.name for each in graph.between(first, node)]
    through = f", through {listed(between)}" if between else ""
    return report(
        node.at("op"),
        "ARC206",
        f"{node.name} is a softmax of the softmax {first.name}{through}",
        help=f"delete {first.name} or {node.name}",
        related=[(first.at("op"), f"{first.name} is a {first.op.called()}")],
    )
