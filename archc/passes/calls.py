"""The blocks and stages that emitted source calls as one: while a call runs, its caller has what the call reads.

Every block is called. A stage is called if each of its items reads only the one before it, and no one outside reads any
but the last; otherwise, the source around it applies the items one by one.
"""

from __future__ import annotations

from collections.abc import Iterator

from archc.graph import Graph, Node


def called(graph: Graph) -> Iterator[tuple[set[str], list[str]]]:
    """For each scope that is called, the values that the call reads, and its layers in their order."""
    if not graph.scopes:
        return
    inside: dict[str, list[Node]] = {path: [] for path in graph.scopes}
    for node in graph.nodes:
        path, dot, _ = node.name.rpartition(".")
        while dot:
            inside[path].append(node)
            path, dot, _ = path.rpartition(".")
    for path, scope in graph.scopes.items():
        nodes = inside[path]
        if nodes and (scope.block is not None or _is_chain(graph, path, nodes)):
            own = [node.name for node in nodes]
            yield {name for node in nodes for name in node.inputs}.difference(own), own


def _is_chain(graph: Graph, path: str, nodes: list[Node]) -> bool:
    """Whether a stage is a chain of its items."""
    start = len(path) + 1
    item_of = {node.name: node.name[start:].partition(".")[0] for node in nodes}
    reads: dict[str, list[str]] = {}
    last: dict[str, str] = {}
    for node in nodes:
        item = item_of[node.name]
        is_layer = node.name[start:] == item
        outside = [name for name in node.inputs if item_of.get(name) != item]
        reads.setdefault(item, []).extend(outside if is_layer else [*dict.fromkeys(outside)])
        last[item] = node.name
        if is_layer and len(node.inputs) != 1:
            return False
    before: str | None = None
    for item, read in reads.items():
        if len(set(read)) != 1 or (before is not None and read[0] != before) or (before is None and read[0] in item_of):
            return False
        before = last[item]
    given = [
        name for name in item_of if name in graph.outputs or any(r.name not in item_of for r in graph.readers[name])
    ]
    return given in ([], [before])
