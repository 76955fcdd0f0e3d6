"""Which gradients return to other devices in the backward pass, and which are summed over all devices.

The gradient of a value is a sum with a term for each part of a layer that reads the value. A device that computes a
part of the layer finds the terms of that part. It adds up its terms for each value that it fetched and sends the sum to
the device that computed the value. It sends nothing where it has no terms, or where that device finds the same terms.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

from archc.graph import Graph, Node
from archc.passes.counts import Counts
from archc.passes.holding import Holding, include, part, within

Terms = tuple[list[range], ...]
"""The maps of a value for whose gradient one device has terms that other devices lack.

There is one list for all examples. If the batch is divided, there is one for the device's own examples and one for all
others.
"""


class Reduction(NamedTuple):
    """An all-reduce in the backward pass: every device has some terms of a gradient and needs the sum.

    The gradient is that of the layer's parameters, `values` per step, or that of its output, `values` per example.
    """

    layer: str
    of: Literal["parameters", "output"]
    values: int


class Gradients:
    """The backward pass of a graph whose layers are placed; `fetched` are the values that some device fetches."""

    def __init__(
        self, graph: Graph, counts: Counts, holdings: Mapping[str, Holding], fetched: Collection[str], batch: int
    ) -> None:
        self.reductions: list[Reduction] = []
        self._graph = graph
        self._counts = counts.layers
        self._holdings = holdings
        self._batch = batch
        self._devices = range(next(iter(holdings.values())).devices)
        is_divided = any(holding.layout == "batch" for holding in holdings.values())
        # The examples of each list of terms: of as many examples as there are devices, one is a device's own.
        self._examples = (1, len(self._devices) - 1) if is_divided else (len(self._devices),)
        # By device, the terms of each value that is fetched or that all devices have. A value that all devices have is
        # missing if each device finds its whole gradient.
        self._terms: dict[str, list[Terms]] = {}
        self._traced = counts.learned.intersection(
            name for name, holding in holdings.items() if holding.layout == "whole" or name in fetched
        )
        for node in reversed(graph.nodes):
            self._visit(node)
        self.reductions.reverse()

    def returned(self, name: str, fetched: list[list[range]]) -> list[int]:
        """By device, how many gradients it receives for its maps, of those that the other devices fetched.

        They are counted in maps per example, times the number of devices.
        """
        devices, holding = len(self._devices), self._holdings[name]
        received = [0] * devices
        if name not in self._terms:
            return received
        sent = [
            [within(maps, of) for maps, of in zip(fetched, lists, strict=True)]
            for lists in zip(*self._terms[name], strict=True)
        ]
        if holding.layout == "batch":
            # What a device fetches are examples of the others, as many from each.
            counts = [sum(map(len, maps)) for maps in sent[-1]]
            return [sum(counts) - own for own in counts]
        for by_device, examples in zip(sent, self._examples, strict=True):
            for device, count in enumerate(holding.owned([r for maps in by_device for r in maps])):
                received[device] += count * examples
        return received

    def _visit(self, node: Node) -> None:
        """Sum the gradients that all devices need, and find the terms of the layer's inputs."""
        layout, trained = self._holdings[node.name].layout, self._counts[node.name].parameters
        is_repeated = layout == "split" and node.op.has_common_parameters and len(self._devices) > 1
        if (layout == "batch" or is_repeated) and trained:
            self.reductions.append(Reduction(node.name, "parameters", trained))
        if layout == "whole" and node.name in self._terms and trained:
            self._sum(node, trained)
        if layout == "whole" and node.name not in self._terms:
            return  # each device has the whole gradient, and finds those of the inputs by itself
        sources = self._traced.intersection(node.inputs)
        for name in sources - self._terms.keys():
            self._terms[name] = [tuple([] for _ in self._examples) for _ in self._devices]
        if sources:
            self._pass_on(node, sources)

    def _sum(self, node: Node, trained: int) -> None:
        """Sum what a replicated layer needs: its weights are the same on all devices, so they need the same gradient.

        The sum is taken of whichever is smaller: the weights' gradient, or the output's, which is then complete.
        """
        if trained <= node.output.size * self._batch:
            self.reductions.append(Reduction(node.name, "parameters", trained))
        else:
            self.reductions.append(Reduction(node.name, "output", node.output.size))
            del self._terms[node.name]

    def _pass_on(self, node: Node, sources: Collection[str]) -> None:
        """From each device's terms of a layer's output, find those of the layer's inputs."""
        inputs = self._graph.tensors(node.inputs)
        for device in self._devices:
            for place, ranges in enumerate(self._of_output(node.name, device)):
                for maps in ranges:
                    reads = node.op.reads_apart(maps, inputs, node.output)
                    for name, read in ((n, r) for n, apart in zip(node.inputs, reads, strict=True) for r in apart):
                        if name in sources:
                            include(self._terms[name][device][place], read)

    def _of_output(self, name: str, device: int) -> Terms:
        """The terms of a layer's output that a device has once gradients have returned."""
        holding = self._holdings[name]
        if holding.layout == "split":
            return ([part(holding.maps, device, holding.devices)],) * len(self._examples)
        return ([range(holding.maps)], []) if holding.layout == "batch" else self._terms[name][device]
