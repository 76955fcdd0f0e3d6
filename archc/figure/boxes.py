"""The boxes of a figure: each is a layer or a closed block, with the layers after it that only change its maps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from archc.graph import Graph
from archc.ops.weighted import Initialised
from archc.outline import Part
from archc.tensor import Tensor


@dataclass(frozen=True)
class Box:
    """`parts[0]` computes `tensor`, and the other parts follow in a chain. The input of the network has no parts."""

    name: str
    tensor: Tensor
    parts: tuple[Part, ...]
    reads: tuple[str, ...]
    """The names of the boxes that it reads, without duplicates."""

    @property
    def first(self) -> str:
        """The layer or input that gives the tensor."""
        return self.parts[0].output.name if self.parts else self.name

    @property
    def value(self) -> str:
        """The layer or input whose value other boxes read."""
        return self.parts[-1].output.name if self.parts else self.name

    @property
    def title(self) -> str:
        return self.parts[0].name if self.parts else self.name

    @property
    def is_closed(self) -> bool:
        """Whether it is a block or a stage, and not a layer."""
        return bool(self.parts and self.parts[0].blocks)


def boxes(graph: Graph, parts: Iterable[Part]) -> tuple[Box, ...]:
    """The boxes of a network in outline. Each comes after the boxes that it reads."""
    holders = {name: name for name in graph.inputs}
    held: dict[str, list[Part]] = {name: [] for name in graph.inputs}
    reads: dict[str, tuple[str, ...]] = dict.fromkeys(graph.inputs, ())
    for part in parts:
        if _follows(part, graph):
            holder = holders[part.inputs[0]]
            held[holder].append(part)
        else:
            holder = part.path
            held[holder] = [part]
            reads[holder] = tuple(dict.fromkeys(holders[name] for name in part.inputs))
        holders[part.output.name] = holder
    tensors = {name: graph.tensor(parts[0].output.name if parts else name) for name, parts in held.items()}
    return tuple(Box(name, tensors[name], tuple(held[name]), reads[name]) for name in reads)


def _follows(part: Part, graph: Graph) -> bool:
    """Whether a layer belongs to the box of its input, as pools do in the paper's figure.

    It does if it has no weights, reads one layer that is not an output, and is the only reader of that layer.
    """
    (source, *more) = part.inputs
    node = part.layer
    alone = not more and source not in graph.inputs and source not in graph.outputs
    return node is not None and alone and not isinstance(node.op, Initialised) and graph.readers[source] == (node,)
