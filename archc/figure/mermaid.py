"""A network as a Mermaid flowchart, which GitHub and GitLab render: a node per layer or block, an edge per value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import count

from archc.emit.seal import MERMAID, seal
from archc.figure import TooLarge
from archc.figure.nodes import Edge, Element, edges, elements
from archc.graph import Graph
from archc.passes.placement import Placement
from archc.wording import visible

MOST_EDGES = 500
MOST_CHARACTERS = 50_000
"""Mermaid's own default limits, `maxEdges` and `maxTextSize`."""


def mermaid(graph: Graph, placement: Placement | None, opened: Iterable[str] = ()) -> str:
    """The flowchart, sealed. Dotted edges show values that devices exchange. Raises TooLarge.

    A block is one node, and a subgraph contains its inside, once; the layers of an `opened` block are in a subgraph.
    """
    found, panels = elements(graph, opened)
    lines = [*edges(panels, placement)]
    if len(lines) > MOST_EDGES:
        raise TooLarge("edges of a Mermaid flowchart", found=len(lines), most=MOST_EDGES)
    text = seal("\n".join(_lines(graph, found, lines)) + "\n", MERMAID)
    if len(text) > MOST_CHARACTERS:
        raise TooLarge("characters of a Mermaid flowchart", found=len(text), most=MOST_CHARACTERS)
    return text


def _lines(graph: Graph, elements: Iterable[Element], edges: Iterable[Edge]) -> Iterator[str]:
    yield "---"
    yield f"title: {_title(graph.title)}"
    yield "---"
    yield "flowchart TB"
    # Nodes are numbered, because Mermaid has other meanings for `end`, `graph`, and names that begin with o or x.
    numbers: dict[str, int] = {}
    clusters = count()
    indent = "  "
    for element in elements:
        label = "<br/>".join(map(_escaped, element.lines))
        if element.is_end:
            indent = indent[2:]
            yield f"{indent}end"
        elif element.is_cluster:
            yield f'{indent}subgraph g{next(clusters)}["{label}"]'
            indent += "  "
        else:
            numbers[element.name] = len(numbers)
            yield f'{indent}n{numbers[element.name]}["{label}"]'
    for edge in edges:
        arrow = f"-. {edge.exchange} .->" if edge.exchange else "-->"
        yield f"  n{numbers[edge.source]} {arrow} n{numbers[edge.target]}"


def _title(title: str) -> str:
    """The title as a double-quoted YAML scalar. Tags and directives are escaped, as Mermaid looks for those first."""
    quoted = json.dumps(visible(title), ensure_ascii=False)
    return "".join(f"\\u{ord(c):04x}" if c in "<>&%`'" else c for c in quoted)


def _escaped(text: str) -> str:
    return "".join(f"#{ord(c)};" if c in '"#&<>`\\' else c for c in visible(text))
