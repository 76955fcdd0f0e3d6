"""The labels of nodes and edges that the text formats share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archc.graph import Graph
from archc.passes.placement import Placement


def labels(graph: Graph) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The name of each input and layer, with the lines of its label: name, op and output."""
    for name, tensor in graph.inputs.items():
        yield name, (name, str(tensor))
    for node in graph.nodes:
        yield node.name, (node.name, f"{node.op.op} {node.summary}".strip(), str(node.output))


def exchange_kinds(placement: Placement | None) -> Mapping[str, str]:
    """The layers before which devices exchange values, with the kind of exchange."""
    return {exchange.layer: exchange.kind for exchange in placement.exchanges} if placement else {}
