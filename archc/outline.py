"""A network in outline: its layers, with each block, and each stage of one or two kinds of blocks, closed to one part.

A closed part gives the value of its last layer, and no layer outside reads another of its values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from archc.graph import Graph, Node, Scope
from archc.wording import counted

# A stage of more kinds of blocks, such as all the features of a network, is shown by its items.
_MOST_KINDS = 2


class Part(NamedTuple):
    """A layer, or the layers of a block, of a stage, or of equal blocks that follow each other in a stage.

    `path` is the name by which other layers read it. `blocks` are the blocks that are closed in it: none for a layer.
    """

    path: str
    nodes: Sequence[Node]
    blocks: Sequence[Scope] = ()

    @property
    def name(self) -> str:
        """The path, or for several items of a stage their numbers: `features.4–9`."""
        if len(self.blocks) < 2 or self.blocks[-1].path != self.path:
            return self.path
        return f"{self.blocks[0].path}–{self.path.rpartition('.')[2]}"

    @property
    def layer(self) -> Node | None:
        """The layer, if the part is not a closed block or stage."""
        return None if self.blocks else self.nodes[0]

    @property
    def output(self) -> Node:
        """The layer whose value the part gives."""
        return self.nodes[-1]

    @property
    def inputs(self) -> tuple[str, ...]:
        """The values that a layer reads, or that a closed part reads from outside, without duplicates."""
        if not self.blocks:
            return self.nodes[0].inputs
        own = {node.name for node in self.nodes}
        return tuple(dict.fromkeys(name for node in self.nodes for name in node.inputs if name not in own))

    @property
    def kinds(self) -> str:
        """The blocks in it: `down, basic × 3`."""
        runs = [(name, len([*run])) for name, run in groupby(block.block or "" for block in self.blocks)]
        return ", ".join(name if times == 1 else f"{name} × {times:,}" for name, times in runs)


def outline(graph: Graph, opened: Iterable[str] = ()) -> tuple[Part, ...]:
    """The parts in the order of computation. A block or stage in `opened`, or around one, is shown by its items."""
    if not graph.scopes:
        return tuple([Part(node.name, (node,)) for node in graph.nodes])
    return tuple(_Outline(graph, opened).parts(""))


def summed_up(parts: Iterable[Part], names: Iterable[str]) -> list[str]:
    """The layers by name, in order, with `layer1 (4 layers)` for several in one closed part."""
    closed = {node.name: part.name for part in parts if part.blocks for node in part.nodes}
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(closed.get(name, name), []).append(name)
    return [f"{path} ({counted(len(inside), 'layer')})" if inside[1:] else inside[0] for path, inside in found.items()]


def parent(path: str) -> str:
    """The path of the block or stage around a layer, a block or a stage. Empty in the network itself."""
    return path.rpartition(".")[0]


def around(path: str) -> Iterator[str]:
    """The paths of the blocks and stages around a layer, a block or a stage, from the innermost outwards."""
    while path := parent(path):
        yield path


class _Outline:
    """`items` and `nodes` are the layers, blocks and stages directly in each path, and all layers in it."""

    def __init__(self, graph: Graph, opened: Iterable[str]) -> None:
        self._graph = graph
        self._outputs = frozenset(graph.outputs)
        self._named = frozenset(opened)
        self._opened = self._named.union(*map(around, self._named))
        self._items: dict[str, dict[str, None]] = {}
        self._nodes: dict[str, list[Node]] = {}
        for node in graph.nodes:
            inside = node.name
            for path in (*around(node.name), ""):
                self._items.setdefault(path, {})[inside] = None
                self._nodes.setdefault(inside, []).append(node)
                inside = path

    def parts(self, path: str) -> Iterator[Part]:
        """The parts in the network or in an opened block or stage."""
        for run in self._runs([*self._items.get(path, ())]):
            blocks = self._closed(run[0]) if len(run) == 1 else [self._graph.scopes[item] for item in run]
            if blocks or run[0] not in self._items:
                yield Part(run[-1], [node for item in run for node in self._nodes[item]], blocks)
            else:
                yield from self.parts(run[0])

    def _closed(self, path: str) -> list[Scope]:
        """The blocks that are closed in a part; none if it is a layer, or is opened."""
        scope = self._graph.scopes.get(path)
        if scope is None or path in self._opened:
            return []
        if scope.block is not None:
            return [scope]
        items = [*self._items[path]]
        blocks = [block for item in items if (block := self._block(item))]
        if len(blocks) < len(items) or len({block.block for block in blocks}) > _MOST_KINDS:
            return []
        return blocks if all(self._leads_on(*pair) for pair in pairwise(items)) else []

    def _runs(self, items: list[str]) -> Iterator[list[str]]:
        """The items of a path, with equal blocks that follow each other by number together."""
        run: list[str] = []
        for item in items:
            if run and not self._continues(run[-1], item):
                yield run
                run = []
            run.append(item)
        yield run

    def _continues(self, before: str, after: str) -> bool:
        one, other = self._block(before), self._block(after)
        if one is None or other is None or parent(after) in self._named:
            return False
        if not after.rpartition(".")[2].isdecimal():
            return False
        return one.block == other.block and one.arguments == other.arguments and self._leads_on(before, after)

    def _block(self, path: str) -> Scope | None:
        """The closed block at a path."""
        scope = self._graph.scopes.get(path)
        return scope if scope is not None and scope.block is not None and path not in self._opened else None

    def _leads_on(self, before: str, after: str) -> bool:
        """Whether the value of an item is read by the next one alone."""
        value = self._nodes[before][-1].name
        readers = self._graph.readers[value]
        return value not in self._outputs and all(reader.name.startswith(f"{after}.") for reader in readers)
