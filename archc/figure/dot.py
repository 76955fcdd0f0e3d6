"""A network as a Graphviz graph, with a node for each layer and an edge for each value that a layer reads."""

from __future__ import annotations

from collections.abc import Iterator

from archc.emit.seal import DOT, seal
from archc.figure.nodes import exchange_kinds, labels
from archc.graph import Graph
from archc.passes.placement import Placement
from archc.wording import visible


def dot(graph: Graph, placement: Placement | None) -> str:
    """The graph in the DOT language, sealed. Dashed edges show values that devices exchange."""
    return seal("\n".join(_lines(graph, placement)) + "\n", DOT)


def _lines(graph: Graph, placement: Placement | None) -> Iterator[str]:
    kinds = exchange_kinds(placement)
    yield f"digraph {_quoted(graph.name)} {{"
    yield f"  graph [label={_quoted(graph.title)}, labelloc=t];"
    yield "  node [shape=box];"
    for name, lines in labels(graph):
        yield f"  {_quoted(name)} [label={_quoted(*lines)}];"
    for node in graph.nodes:
        style = f" [label={_quoted(kinds[node.name])}, style=dashed]" if node.name in kinds else ""
        for name in node.inputs:
            yield f"  {_quoted(name)} -> {_quoted(node.name)}{style};"
    yield "}"


def _quoted(*lines: str) -> str:
    """A quoted string of DOT. Graphviz interprets entities and backslash escapes in it, so both are escaped."""
    escaped = (visible(line).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") for line in lines)
    return '"' + "\\n".join(escaped) + '"'
