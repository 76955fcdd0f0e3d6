"""The panels of a figure: the network in outline, and the inside of each closed block, once, where it is first used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from archc.graph import Graph, Scope
from archc.outline import Part, around, outline

_INPUT = "input"


class Panel(NamedTuple):
    """A graph and its parts. `path` is where the inside of `block` is drawn from; both are empty for the network.

    Names in a block are those that it uses itself: its layers, and `input` for what it reads.
    """

    graph: Graph
    parts: tuple[Part, ...]
    path: str = ""
    block: str = ""

    @property
    def title(self) -> str:
        return f"{self.block}, as in {self.path}"

    def name(self, local: str) -> str:
        """The name in the network of a layer, a block or a stage."""
        return f"{self.path}.{local}" if self.path else local


def panels(graph: Graph, opened: Iterable[str] = ()) -> list[Panel]:
    """The network, then the inside of each block that is closed in a panel before it."""
    found = [Panel(graph, outline(graph, opened))]
    drawn: set[str] = set()
    for panel in found:  # grows while it is read
        for block in (block for part in panel.parts for block in part.blocks):
            if block.block is not None and block.block not in drawn:
                drawn.add(block.block)
                inside = _inside(panel.graph, block)
                found.append(Panel(inside, outline(inside), panel.name(block.path), block.block))
    return found


def _inside(graph: Graph, block: Scope) -> Graph:
    """The layers of a block as a network of its own."""
    values = tuple(dict.fromkeys(block.inputs))
    names = {value: f"{_INPUT}.{number}" if values[1:] else _INPUT for number, value in enumerate(values)}
    begin = len(block.path) + 1

    def local(name: str) -> str:
        return names.get(name) or name[begin:]

    nodes = [
        replace(node, name=local(node.name), inputs=tuple(map(local, node.inputs)))
        for node in graph.nodes
        if node.name.startswith(f"{block.path}.")
    ]
    scopes = [
        replace(scope, path=path[begin:], inputs=tuple(map(local, scope.inputs)), output=local(scope.output))
        for path, scope in graph.scopes.items()
        if path.startswith(f"{block.path}.")
    ]
    return Graph(
        graph.name,
        graph.title,
        inputs={name: graph.tensor(value) for value, name in names.items()},
        nodes=tuple(nodes),
        outputs=(local(block.output),),
        scopes={scope.path: scope for scope in scopes},
    )


def clustered(panel: Panel) -> Iterator[Part | str | None]:
    """The parts in order. The path of an opened block or stage comes before its parts, and None after them."""
    inside: list[str] = []
    for part in panel.parts:
        outer = [path for path in around(part.path) if path in panel.graph.scopes][::-1]
        while inside != outer[: len(inside)]:
            inside.pop()
            yield None
        for path in outer[len(inside) :]:
            inside.append(path)
            yield path
        yield part
    yield from [None] * len(inside)
