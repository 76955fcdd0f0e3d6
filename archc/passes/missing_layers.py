"""A network with one layer more, for layers that are forgotten. Only a mistaken spec needs this."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from archc.graph import Graph, Node
from archc.language.field_table import as_written
from archc.ops.fields import ONE
from archc.ops.op import Op
from archc.ops.weighted import Weighted
from archc.passes.changed import changed_graph
from archc.passes.changed_totals import Totals
from archc.passes.counts import count


class Missing(NamedTuple):
    """A layer like `like` that could be missing before `reader`, and the network with it."""

    like: Node
    reader: Node
    graph: Graph

    @property
    def remedy(self) -> str:
        return f"add a layer `{layer_text(self.like)}` before {self.reader.name}"

    @property
    def note(self) -> str:
        """What it does to the value that `reader` reads now."""
        (now,), (then,) = self.reader.inputs, self.graph.node(self.reader.name).inputs
        before, after = self.graph.tensor(now), self.graph.tensor(then)
        return f"with a layer like {self.like.name} after {now}, its {before} become {after}"


def layer_text(node: Node) -> str:
    """A layer as it is written, without its connections and what it takes from `defaults`, which precedes it."""
    values = node.op.model_dump(mode="json")
    own = [name for name, span in node.fields.items() if span.start >= node.span.start and name in values]
    fields = {name: as_written(values[name]) for name in dict.fromkeys(("op", *own))}
    return f"{{{', '.join(f'{name}: {value}' for name, value in fields.items())}}}"


def inserted(graph: Graph, op: Op, reader: Node) -> Graph | None:
    """The graph with a layer before `reader`, whose only input it takes; None if a layer cannot take its input."""
    name = f"{reader.name}:before"  # no layer's name has a colon
    at = next(index for index, node in enumerate(graph.nodes) if node.name == reader.name)
    added = replace(reader, name=name, op=op, expected=None)
    nodes = (*graph.nodes[:at], added, replace(reader, inputs=(name,)), *graph.nodes[at + 1 :])
    return changed_graph(replace(graph, nodes=nodes), {})


def deleted(graph: Graph, node: Node) -> Graph | None:
    """The graph without a layer of one input, which its readers then read."""
    (source,) = node.inputs

    def past(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple([source if name == node.name else name for name in names])

    nodes = tuple([replace(each, inputs=past(each.inputs)) for each in graph.nodes if each is not node])
    return changed_graph(replace(graph, nodes=nodes, outputs=past(graph.outputs)), {})


def missing_pools(graph: Graph, readers: list[Node], expecting: Node | None = None) -> Iterator[Missing]:
    """The pools of the network, each once more before one of the `readers` of maps, if that gives all expected shapes.

    `expecting` is a layer with the shape that is meant to be expected.
    """
    pools: dict[Op, Node] = {}
    for node in graph.nodes:
        window = node.op.window(graph.tensors(node.inputs))
        if window is not None and not isinstance(node.op, Weighted) and window.stride != ONE:
            pools.setdefault(node.op, node)
    for reader in readers:
        (source,) = reader.inputs
        # No network begins with a pool, and none has two in a row.
        if source in graph.inputs or {reader.op, graph.node(source).op} & pools.keys():
            continue
        for op, like in pools.items():
            longer = inserted(graph, op, reader)
            if longer is not None and meets(longer, expecting):
                yield Missing(like, reader, longer)


def readers_before(graph: Graph, last: Node) -> list[Node]:
    """A layer and those before it, back to the first that has several inputs or several readers."""
    found: list[Node] = []
    while len(last.inputs) == 1 and graph.tensor(*last.inputs).is_maps:
        found.append(last)
        (name,) = last.inputs
        if name in graph.inputs or len(graph.readers[name]) > 1:
            break
        last = graph.node(name)
    return found


def meets(graph: Graph, expecting: Node | None = None) -> bool:
    """Whether all layers have their expected shapes; `expecting` is one with the shape that it is meant to have."""
    due = {node.name: node.expected for node in (*graph.nodes, *filter(None, (expecting,)))}
    return all(due[node.name] in (None, node.output.shape) for node in graph.nodes)


def has_totals(graph: Graph, totals: Totals) -> bool:
    counts = count(graph)
    return all(getattr(counts, field) == total for field, total in totals.items())
