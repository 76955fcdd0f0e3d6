"""The blocks and stages that emitted source calls as one: while a call runs, its caller has what the call reads.

Every block is called. A stage is called if each of its items reads only the one before it, and no one outside reads any
but the last; otherwise, the source around it applies the items one by one.

In a block, neighbours are applied in one expression, `relu(norm(conv(x)))`: while it runs, `x` is in memory.
"""

from __future__ import annotations

from collections.abc import Iterator

from archc.graph import Graph, Node
from archc.ops.weighted import Weighted

LONGEST = 3
"""The most layers that are applied in one expression."""


def called(graph: Graph) -> Iterator[tuple[set[str], list[str]]]:
    """For each scope that is called, the values that the call reads, and its layers in their order; also for chains."""
    if not graph.scopes:
        return
    inside = _inside(graph)
    stages = {path for path, nodes in inside.items() if _is_chain(graph, path, nodes)}
    for path, scope in graph.scopes.items():
        nodes = inside.get(path, [])
        if nodes and (scope.block is not None or path in stages):
            own = [node.name for node in nodes]
            yield {name for node in nodes for name in node.inputs}.difference(own), own
    for chain in _chains(graph, stages):
        yield {*graph.node(chain[0]).inputs}, chain


def _inside(graph: Graph) -> dict[str, list[Node]]:
    """The layers in each scope, those in scopes inside it included."""
    inside: dict[str, list[Node]] = {}
    for node in graph.nodes:
        path, dot, _ = node.name.rpartition(".")
        while dot:
            inside.setdefault(path, []).append(node)
            path, dot, _ = path.rpartition(".")
    return inside


def chains(graph: Graph) -> Iterator[list[str]]:
    """The layers of blocks that are applied in one expression, two or three, of which one at most has weights to draw.

    Each reads only the one before it, which nothing else reads. A block or a stage that is one chain of its items has
    none: it is applied layer by layer.
    """
    if graph.scopes:
        yield from _chains(graph, {path for path, nodes in _inside(graph).items() if _is_chain(graph, path, nodes)})


def _chains(graph: Graph, stages: set[str]) -> Iterator[list[str]]:
    chain: list[Node] = []
    for node in graph.nodes:
        if not (chain and _follows(graph, chain, node)):
            if len(chain) > 1:
                yield [each.name for each in chain]
            chain = [node] if len(node.inputs) == 1 and _is_applied(graph, node, stages) else []
            continue
        chain.append(node)
    if len(chain) > 1:
        yield [each.name for each in chain]


def _follows(graph: Graph, chain: list[Node], node: Node) -> bool:
    last = chain[-1]
    is_next = node.inputs == (last.name,) and len(graph.readers[last.name]) == 1 and last.name not in graph.outputs
    weighted = sum(isinstance(each.op, Weighted) for each in (*chain, node))
    # Between layers of sequences, source may transpose.
    is_plain = not (last.output.is_sequence or node.output.is_sequence)
    return is_next and is_plain and len(chain) < LONGEST and weighted <= 1 and _owner(last) == _owner(node)


def _owner(node: Node) -> str:
    return node.name.rpartition(".")[0]


def _is_applied(graph: Graph, node: Node, stages: set[str]) -> bool:
    """Whether the source of a block applies the layer."""
    path = _owner(node)
    while path and path not in stages and graph.scopes[path].block is None:
        path = path.rpartition(".")[0]
    return bool(path) and path not in stages


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
