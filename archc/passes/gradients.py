"""Which gradients return to other devices in the backward pass, and which are summed over all devices.

The gradient of a value is a sum with a term for each part of a layer that reads the value. A device that computes a
part of the layer finds the terms of that part. It adds up its terms for each value that it fetched and sends the sum to
the device that computed the value. Nothing returns where every device finds the whole gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from archc.graph import Graph, Node
from archc.passes.counts import Counts
from archc.passes.holding import Layout


class Reduction(NamedTuple):
    """An all-reduce in the backward pass: every device has some terms of a gradient and needs the sum.

    The gradient is that of the layer's parameters, `values` per step, or that of its output, `values` per example.
    """

    layer: str
    of: Literal["parameters", "output"]
    values: int


class Gradients:
    """The backward pass of a graph whose layers are placed.

    `is_shared` is whether a layer reads maps of a value that other devices have or read as well. `partial` are the
    values of which each device finds only some terms, those of its own parts: their sum is the gradient.
    """

    def __init__(
        self,
        graph: Graph,
        counts: Counts,
        layouts: Mapping[str, Layout],
        is_shared: Callable[[str, str], bool],
        *,
        devices: int,
        batch: int,
    ) -> None:
        self.reductions: list[Reduction] = []
        self.partial: set[str] = set()
        self._counts = counts
        self._layouts = layouts
        self._is_shared = is_shared
        self._devices = devices
        self._batch = batch
        for node in reversed(graph.nodes):
            self._visit(node)
        self.reductions.reverse()

    def _visit(self, node: Node) -> None:
        """Sum the gradients that all devices need, and find of which inputs the devices find only some terms."""
        layout, trained = self._layouts[node.name], self._counts.layers[node.name].parameters
        is_repeated = layout == "split" and node.op.has_common_parameters and self._devices > 1
        if (layout == "batch" or is_repeated) and trained:
            self.reductions.append(Reduction(node.name, "parameters", trained))
        if layout == "whole" and node.name in self.partial and trained:
            self._sum(node, trained)
        if layout == "whole" and node.name not in self.partial:
            return  # each device has the whole gradient, and finds those of the inputs by itself
        learned = self._counts.learned.intersection(node.inputs)
        self.partial.update(name for name in learned if self._is_shared(node.name, name))

    def _sum(self, node: Node, trained: int) -> None:
        """Sum what a replicated layer needs: its weights are the same on all devices, so they need the same gradient.

        The sum is taken of whichever is smaller: the weights' gradient, or the output's, which is then complete.
        """
        if trained <= node.output.size * self._batch:
            self.reductions.append(Reduction(node.name, "parameters", trained))
        else:
            self.reductions.append(Reduction(node.name, "output", node.output.size))
            self.partial.remove(node.name)
