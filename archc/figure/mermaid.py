"""A network as a Mermaid flowchart, which GitHub and GitLab render: a node per layer, an edge per value read."""

from __future__ import annotations

import json
from collections.abc import Iterator

from archc.emit.seal import MERMAID, seal
from archc.figure import TooLarge
from archc.figure.nodes import exchange_kinds, labels
from archc.graph import Graph
from archc.passes.placement import Placement
from archc.wording import visible

MOST_EDGES = 500
MOST_CHARACTERS = 50_000
"""Mermaid's own default limits, `maxEdges` and `maxTextSize`."""


def mermaid(graph: Graph, placement: Placement | None) -> str:
    """The flowchart, sealed. Dotted edges show values that devices exchange. Raises TooLarge."""
    edges = sum(len(node.inputs) for node in graph.nodes)
    if edges > MOST_EDGES:
        raise TooLarge("edges of a Mermaid flowchart", found=edges, most=MOST_EDGES)
    text = seal("\n".join(_lines(graph, placement)) + "\n", MERMAID)
    if len(text) > MOST_CHARACTERS:
        raise TooLarge("characters of a Mermaid flowchart", found=len(text), most=MOST_CHARACTERS)
    return text


def _lines(graph: Graph, placement: Placement | None) -> Iterator[str]:
    kinds = exchange_kinds(placement)
    yield "---"
    yield f"title: {_title(graph.title)}"
    yield "---"
    yield "flowchart TB"
    # Nodes are numbered, because Mermaid has other meanings for `end`, `graph`, and names that begin with o or x.
    numbers: dict[str, int] = {}
    for name, lines in labels(graph):
        numbers[name] = len(numbers)
        yield f'  n{numbers[name]}["{"<br/>".join(map(_escaped, lines))}"]'
    for node in graph.nodes:
        arrow = f"-. {kinds[node.name]} .->" if node.name in kinds else "-->"
        for name in node.inputs:
            yield f"  n{numbers[name]} {arrow} n{numbers[node.name]}"


def _title(title: str) -> str:
    """The title as a double-quoted YAML scalar. Tags and directives are escaped, as Mermaid looks for those first."""
    quoted = json.dumps(visible(title), ensure_ascii=False)
    return "".join(f"\\u{ord(c):04x}" if c in "<>&%`'" else c for c in quoted)


def _escaped(text: str) -> str:
    return "".join(f"#{ord(c)};" if c in '"#&<>`\\' else c for c in visible(text))
