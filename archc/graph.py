"""The typed IR: Node and Graph. A directed acyclic graph in the order in which it is computed.

Everything after `lower` reads this and nothing of the text, apart from spans to report at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from archc.ops.op import Op
from archc.source import Span
from archc.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Node:
    """One layer: `op` applied to the values named `inputs`. `fields` are the spans of what the spec wrote."""

    name: str
    op: Op
    inputs: tuple[str, ...]
    output: Tensor
    span: Span
    fields: Mapping[str, Span]

    def at(self, field: str) -> Span:
        """Where the spec wrote `field`, or the layer's name where it did not."""
        return self.fields.get(field, self.span)


@dataclass(frozen=True)
class Graph:
    """A network: named inputs, nodes after all that they read, and the names of its outputs."""

    name: str
    title: str
    inputs: Mapping[str, Tensor]
    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]

    @cached_property
    def _tensors(self) -> dict[str, Tensor]:
        return {**self.inputs, **{node.name: node.output for node in self.nodes}}

    @cached_property
    def _by_name(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    def node(self, name: str) -> Node:
        return self._by_name[name]

    def tensor(self, name: str) -> Tensor:
        """The value of a layer or of an input."""
        return self._tensors[name]

    def tensors(self, names: tuple[str, ...]) -> tuple[Tensor, ...]:
        return tuple([self._tensors[name] for name in names])

    @cached_property
    def readers(self) -> dict[str, tuple[Node, ...]]:
        """For each value, the nodes that read it."""
        found: dict[str, list[Node]] = {name: [] for name in (*self.inputs, *self._by_name)}
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                found[name].append(node)
        return {name: tuple(nodes) for name, nodes in found.items()}

    @cached_property
    def is_chain(self) -> bool:
        """Whether each node reads only the one before it."""
        before = (next(iter(self.inputs)), *(node.name for node in self.nodes))
        return all(node.inputs == (name,) for node, name in zip(self.nodes, before, strict=False))
