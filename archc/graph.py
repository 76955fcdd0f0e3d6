"""The typed IR: Node and Graph, a directed acyclic graph in the order in which it is computed.

Everything after lowering reads this and nothing of the text, apart from spans to report at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from archc.ops.op import Op
from archc.ops.properties import Loss
from archc.source import Span
from archc.tensor import Tensor
from archc.wording import visible

# A path that is longer is followed for every finding, so it is cut.
_MOST_BETWEEN = 100


@dataclass(frozen=True, slots=True)
class Node:
    """One layer: `op` applied to the values named `inputs`.

    `name` is its path, such as `conv1`, or `layer2.0.conv1` in a block or a stage.
    `span` is the layer's name in the spec, `fields` are the spans of its fields. `expected` is the output shape that
    the spec expects, if it expects one.
    """

    name: str
    op: Op
    inputs: tuple[str, ...]
    output: Tensor
    span: Span
    fields: Mapping[str, Span]
    expected: tuple[int, ...] | None = None

    @property
    def summary(self) -> str:
        """What the layer table shows beside the op: its window or rate."""
        return visible(self.op.summary())  # a string of the spec may be a part of it

    def at(self, field: str) -> Span:
        """Where a field is written, or the layer's name if it is not."""
        return self.fields.get(field, self.span)


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the network whose layers have a path in common: a block where it is used, or a numbered stage.

    The layers of the scope `layer2.0` are the nodes whose names begin with `layer2.0.`. A block that is repeated is a
    stage (`layer2`) of blocks (`layer2.0`, `layer2.1`).
    """

    path: str
    block: str | None
    """The name of the block in the spec; None for a stage."""
    inputs: tuple[str, ...]
    """The values that it reads from outside as `input`: one, or several that its call lists under `from:`."""
    output: str
    """The layer in it whose value it gives."""
    arguments: Mapping[str, object]
    """The plain values of the fields that the block takes, defaults included; empty for a stage."""
    defaults: Mapping[str, object] = field(default_factory=dict[str, object])
    """The values that the block itself gives to fields which its use may leave out."""


def uses_of(scopes: Mapping[str, Scope], names: Iterable[str]) -> dict[str, tuple[str, str, int]]:
    """For each layer in a block: which layer of the block it is, the path of this use, and the number of uses."""
    blocks = {path: scope.block for path, scope in scopes.items() if scope.block is not None}
    found: dict[str, tuple[str, str]] = {}
    for name in names:
        where, _, _ = name.rpartition(".")
        while where and where not in blocks:
            where, _, _ = where.rpartition(".")
        if where:
            found[name] = f"{blocks[where]}.{name[len(where) + 1 :]}", where
    counts = Counter(what for what, _ in found.values())
    return {name: (what, where, counts[what]) for name, (what, where) in found.items()}


@dataclass(frozen=True)
class Graph:
    """A network: named inputs, nodes after everything that they read, and the names of its outputs.

    `scopes` are its blocks and stages by path, each before those that it contains. `expected` are the nodes of which
    a use of a block expects a shape, once more for each such shape, in order. `loss` is what training minimises.
    """

    name: str
    title: str
    inputs: Mapping[str, Tensor]
    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]
    scopes: Mapping[str, Scope] = field(default_factory=dict[str, Scope])
    free: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict[str, "tuple[str | None, ...]"])
    """The inputs with free sizes: for each axis its symbol (`H`, `W`, `L`) or None. `inputs` has their usual sizes."""
    expected: Mapping[str, tuple[Node, ...]] = field(default_factory=dict[str, tuple[Node, ...]])
    loss: Loss = "cross_entropy"

    @cached_property
    def uses(self) -> dict[str, tuple[str, str, int]]:
        """For each layer in a block: which layer of the block it is, the path of this use, and the number of uses."""
        return uses_of(self.scopes, self._by_name) if self.scopes else {}

    @cached_property
    def _tensors(self) -> dict[str, Tensor]:
        return {**self.inputs, **{node.name: node.output for node in self.nodes}}

    @cached_property
    def _by_name(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    def node(self, name: str) -> Node:
        """The layer of this name."""
        return self._by_name[name]

    def tensor(self, name: str) -> Tensor:
        """The value of a layer or of an input."""
        return self._tensors[name]

    def tensors(self, names: tuple[str, ...]) -> tuple[Tensor, ...]:
        """The values of several layers or inputs."""
        return tuple([self._tensors[name] for name in names])

    @cached_property
    def readers(self) -> dict[str, tuple[Node, ...]]:
        """The nodes that read each value, every node once."""
        found: dict[str, list[Node]] = {name: [] for name in (*self.inputs, *self._by_name)}
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                found[name].append(node)
        return {name: tuple(nodes) for name, nodes in found.items()}

    def between(self, first: Node, last: Node) -> list[Node]:
        """The layers from `first` to `last`, both left out; the first of them may have several inputs.

        Of very many, only the last ones.
        """
        found: list[Node] = []
        (name, *others) = last.inputs
        while name != first.name and not others and len(found) < _MOST_BETWEEN:
            node = self.node(name)
            found.append(node)
            (name, *others) = node.inputs
        return found[::-1]

    @cached_property
    def before(self) -> dict[str, str]:
        """For each node, the node before it, or the last input."""
        (*_, last) = self.inputs
        names = [last, *(node.name for node in self.nodes)]
        return dict(zip(names[1:], names, strict=False))

    @cached_property
    def is_chain(self) -> bool:
        """Whether each node reads only the one before it, the first one a single input."""
        return len(self.inputs) == 1 and all(node.inputs == (self.before[node.name],) for node in self.nodes)

    @cached_property
    def final_softmaxes(self) -> frozenset[str]:
        """The layers that turn the network's scores into probabilities: no layer reads them."""
        return frozenset(n.name for n in self.nodes if n.op.scores_as == "probabilities" and not self.readers[n.name])

    @cached_property
    def fused(self) -> Node | None:
        """The final softmax or sigmoid that the loss takes over, so that the trained network returns logits.

        None with several outputs, and in a network that has no other layer.
        """
        if len(self.outputs) != 1 or len(self.nodes) < 2:
            return None
        (output,) = self.outputs
        node = self.node(output)
        return node if node.op.fused_into == self.loss and not self.readers[output] else None
