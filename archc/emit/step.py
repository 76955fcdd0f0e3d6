"""A step of the source: one layer, under the names that it has there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from archc.graph import Node
from archc.tensor import Tensor


@dataclass(frozen=True)
class Step:
    """One layer: its identifier in source, and the identifiers and shapes of its inputs.

    `axis` is that of the channels in the sequences that it reads and gives, the batch included: 1 or 2. `path` is where
    it belongs, if that is not its layer's: a backend may add steps of its own. `divided` is the axis of its output that
    is divided over ranks, the batch included; None if each has all of it. `pads_apart`: padding is a layer of its
    own even if the framework has a word for it, so that all uses of a block are alike.
    """

    identifier: str
    node: Node
    reads: tuple[str, ...]
    inputs: tuple[Tensor, ...]
    axis: int = 1
    path: str | None = None
    divided: int | None = None
    pads_apart: bool = False

    def at_other_sizes(self) -> Iterator[Step]:
        """The step at other sizes of the network's input, if the spec leaves any free: once for each of its shapes."""
        shapes = (self.node.output, *self.inputs)
        sizes = range(max(x.other_sizes for x in shapes))
        for output, *inputs in dict.fromkeys(tuple(x.at_other_size(number) for x in shapes) for number in sizes):
            yield replace(self, node=replace(self.node, output=output), inputs=tuple(inputs))

    @property
    def place(self) -> str:
        """The path by which blocks and stages contain it."""
        return self.node.name if self.path is None else self.path
