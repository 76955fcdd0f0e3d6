"""A network as a Graphviz graph, with a node for each layer or block and an edge for each value read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archc.emit.seal import DOT, seal
from archc.figure.nodes import edges, elements
from archc.graph import Graph
from archc.passes.placement import Placement
from archc.wording import visible


def dot(graph: Graph, placement: Placement | None, opened: Iterable[str] = ()) -> str:
    """The graph in the DOT language, sealed. Dashed edges show values that devices exchange.

    A block is one node, and a cluster contains its inside, once; the layers of an `opened` block are in a cluster.
    """
    return seal("\n".join(_lines(graph, placement, opened)) + "\n", DOT)


def _lines(graph: Graph, placement: Placement | None, opened: Iterable[str]) -> Iterator[str]:
    found, panels = elements(graph, opened)
    yield f"digraph {_quoted(graph.name)} {{"
    yield f"  graph [label={_quoted(graph.title)}, labelloc=t];"
    yield "  node [shape=box];"
    indent = "  "
    for element in found:
        if element.is_end:
            indent = indent[2:]
            yield f"{indent}}}"
        elif element.is_cluster:
            # Graphviz draws a frame around subgraphs whose names begin with `cluster`.
            yield f"{indent}subgraph {_quoted(f'cluster {element.name}')} {{"
            indent += "  "
            yield f"{indent}label={_quoted(*element.lines)};"
        else:
            yield f"{indent}{_quoted(element.name)} [label={_quoted(*element.lines)}];"
    for edge in edges(panels, placement):
        style = f" [label={_quoted(edge.exchange)}, style=dashed]" if edge.exchange else ""
        yield f"  {_quoted(edge.source)} -> {_quoted(edge.target)}{style};"
    yield "}"


def _quoted(*lines: str) -> str:
    """A quoted string of DOT. Graphviz interprets entities and backslash escapes in it, so both are escaped."""
    escaped = (visible(line).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") for line in lines)
    return '"' + "\\n".join(escaped) + '"'
