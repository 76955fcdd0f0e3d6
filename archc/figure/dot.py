"""A network as a Graphviz graph: every layer a node, every value that it reads an edge."""

from __future__ import annotations

from collections.abc import Iterator

from archc.emit.seal import DOT, seal
from archc.figure.nodes import exchange_kinds, labels
from archc.graph import Graph
from archc.passes.placement import Placement
from archc.wording import visible


def dot(graph: Graph, placement: Placement | None) -> str:
    """The graph in the DOT language, sealed; edges over which devices exchange values are dashed."""
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
    """A quoted string, which takes any word and any character; Graphviz reads entities and escapes in it."""
    escaped = (visible(line).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") for line in lines)
    return '"' + "\\n".join(escaped) + '"'
