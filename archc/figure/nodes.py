"""The nodes, edges and clusters that the text formats share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from archc.figure.panels import Panel, clustered, panels
from archc.graph import Graph
from archc.outline import Part
from archc.passes.placement import Placement


class Element(NamedTuple):
    """A node, the begin of a cluster, or its end, which has no name. The lines of a node are its label."""

    name: str
    lines: tuple[str, ...]
    is_cluster: bool = False

    @property
    def is_end(self) -> bool:
        return self.is_cluster and not self.name


class Edge(NamedTuple):
    """A value that a node reads. `exchange` is the kind of exchange that it takes, or empty."""

    source: str
    target: str
    exchange: str


_END = Element("", (), is_cluster=True)


def elements(graph: Graph, opened: Iterable[str]) -> tuple[list[Element], list[Panel]]:
    """The nodes and clusters in order, and the panels that they are of: the inside of a block is a cluster."""
    shown = panels(graph, opened)
    found: list[Element] = []
    for panel in shown:
        if panel.block:
            found.append(Element(panel.path, (panel.title,), is_cluster=True))
        found += _elements(panel)
        if panel.block:
            found.append(_END)
    return found, shown


def _elements(panel: Panel) -> Iterator[Element]:
    for name, tensor in panel.graph.inputs.items():
        yield Element(panel.name(name), (name, str(tensor)))
    for part in clustered(panel):
        if part is None:
            yield _END
        elif isinstance(part, str):
            block = panel.graph.scopes[part].block
            yield Element(panel.name(part), (f"{part}: {block}" if block else part,), is_cluster=True)
        else:
            yield Element(panel.name(part.path), (part.name, _meaning(part), str(part.output.output)))


def _meaning(part: Part) -> str:
    return f"{part.layer.op.op} {part.layer.summary}".strip() if part.layer else part.kinds


def edges(panels: Iterable[Panel], placement: Placement | None) -> Iterator[Edge]:
    """The edges of all panels, by the nodes that they connect."""
    kinds = exchange_kinds(placement)
    for panel in panels:
        nodes = {name: panel.name(name) for name in panel.graph.inputs}
        for part in panel.parts:
            exchanged = {
                name: kind for node in part.nodes if (kind := kinds.get(panel.name(node.name))) for name in node.inputs
            }
            for name in part.inputs:
                yield Edge(nodes[name], panel.name(part.path), exchanged.get(name, ""))
            nodes[part.output.name] = panel.name(part.path)


def exchange_kinds(placement: Placement | None) -> Mapping[str, str]:
    """The layers before which devices exchange values, with the kind of exchange."""
    return {exchange.layer: exchange.kind for exchange in placement.exchanges} if placement else {}
