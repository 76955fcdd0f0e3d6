"""Where a network is computed: what each device holds of every layer, and what crosses between the devices.

A layer with weights of its own is split, each device computing an equal contiguous part of its maps or units for all
examples, or replicated; the others follow what they read. Under `data` all are replicated and each device computes its
part of the examples; under `columns`, as in the paper, all are split; under `hybrid` convolutions are replicated and
dense layers split (Krizhevsky, arXiv 1404.5997). Before a layer computes, a device fetches what it does not hold of
the maps that its part reads: the exchanges follow from that, none is listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import lcm
from typing import Literal, NamedTuple

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph, Node
from archc.language.spec import Parallel, Strategy
from archc.ops.weighted import Weighted
from archc.passes.counts import Counts
from archc.passes.holding import Holding, Layout, part
from archc.passes.memory import Share

ExchangeKind = Literal["gather", "halo", "redistribute"]


class Exchange(NamedTuple):
    """Before `layer` computes, devices fetch values of `sources`; on the way back the gradients of those are summed
    where they are held, a reduce-scatter of the same values.

    A gather fetches the maps of a group, a halo those beside a device's own, and a redistribution those that come to
    lie in its part. Values are for an example: `values` over all devices, `received` by the device that receives most,
    and `returned` the gradients that it receives. No gradient returns where nothing before the layer is trained, nor
    where every device has all of it.
    """

    layer: str
    kind: ExchangeKind
    sources: tuple[str, ...]
    values: float
    received: float
    returned: float


class Reduction(NamedTuple):
    """Gradients that every device holds a summand of and needs the sum of, an all-reduce in the backward pass.

    Of a layer's `parameters`, `values` a step; or of its `output`, `values` an example, where that is less.
    """

    layer: str
    of: Literal["parameters", "output"]
    values: int


class Placement(NamedTuple):
    """`shares` is what one device holds of each layer, that with the most where they differ.

    They are for one example of the part of the batch that `batch_parts` devices divide up among them: a device that
    computes all examples of such a batch counts so many times as much.
    """

    strategy: Strategy
    devices: int
    layouts: Mapping[str, Layout]
    shares: Mapping[str, Share]
    batch_parts: int
    exchanges: tuple[Exchange, ...]
    reductions: tuple[Reduction, ...]

    def all_reduced(self, values: float) -> float:
        """What one device receives in a ring all-reduce: its part of the sum by n - 1 steps, the others' by as many."""
        return values * 2 * (self.devices - 1) / self.devices

    def forward(self, batch: int) -> int:
        """Values that the busiest device receives in a step's forward pass."""
        return round(sum(exchange.received for exchange in self.exchanges) * batch)

    def backward(self, batch: int) -> int:
        """The same of its backward pass."""
        returned = sum(exchange.returned for exchange in self.exchanges) * batch
        summed = sum(r.values * (batch if r.of == "output" else 1) for r in self.reductions)
        return round(returned + self.all_reduced(summed))


def place(graph: Graph, counts: Counts, parallel: Parallel, batch: int) -> tuple[Placement, list[Finding]]:
    """How a graph is computed under a strategy, in steps of so many examples, and the layers that do not split."""
    placing = _Placing(graph, counts, parallel)
    for node in graph.nodes:
        placing.visit(node)
    placing.return_gradients(batch)
    placement = Placement(
        strategy=parallel.strategy,
        devices=parallel.devices,
        layouts={name: holding.layout for name, holding in placing.holdings.items()},
        shares=placing.shares,
        batch_parts=placing.batch_parts,
        exchanges=tuple(placing.exchanges()),
        reductions=tuple(reversed(placing.reductions)),
    )
    return placement, placing.findings


def under(strategy: Strategy, devices: int, declared: Parallel | None) -> Parallel:
    """So many devices under a strategy; layers that the spec places by hand are so under its own strategy alone."""
    layers = declared.layers if declared is not None and declared.strategy == strategy else {}
    return Parallel(devices=devices, strategy=strategy, layers=layers)


def is_split(node: Node, strategy: Strategy) -> bool:
    """Whether a strategy by itself splits a layer with weights of its own."""
    if strategy == "data" or not isinstance(node.op, Weighted):
        return False
    return strategy == "columns" or not node.output.is_maps  # hybrid splits the dense layers


class _Placing:
    """Follows in order what the devices hold, and back again what they must sum."""

    def __init__(self, graph: Graph, counts: Counts, parallel: Parallel) -> None:
        self.findings: list[Finding] = []
        self.shares: dict[str, Share] = {}
        self.reductions: list[Reduction] = []
        self._graph = graph
        self._counts = counts.layers
        self._devices = parallel.devices
        self._parallel = parallel
        by_batch = parallel.strategy != "columns" and parallel.devices > 1
        self.batch_parts = parallel.devices if by_batch else 1
        self.holdings = {
            name: Holding("batch" if by_batch else "whole", x.channels, parallel.devices)
            for name, x in graph.inputs.items()
        }
        # By layer and source: the values that each device fetches for an average example.
        self._fetched: dict[str, dict[str, list[float]]] = {}
        # The layers of which a part reads what other devices hold, each with that source.
        self._crossings: set[tuple[str, str]] = set()
        self._uneven: set[str] = set()
        self._learned: set[str] = set()
        self._returning: set[str] = set()

    def visit(self, node: Node) -> None:
        """Place a layer whose inputs are placed."""
        layout = self._layout(node)
        maps = node.output.channels
        self.holdings[node.name] = Holding(layout, maps, self._devices)
        if self._counts[node.name].parameters or not self._learned.isdisjoint(node.inputs):
            self._learned.add(node.name)
        if layout == "split" and maps % self._devices:
            if isinstance(node.op, Weighted) or self._uneven.isdisjoint(node.inputs):
                self.findings.append(_uneven(node, self._devices))
            self._uneven.add(node.name)
        self.shares[node.name] = self._share(node, layout, self._read(node, layout))

    def _layout(self, node: Node) -> Layout:
        read = {self.holdings[name].layout for name in node.inputs}
        if self._devices > 1 and self._is_split(node):
            return "split"
        if "split" in read:
            # A replicated layer computes everything on each device; a final softmax runs on the collected output.
            return "whole" if isinstance(node.op, Weighted) or node.name in self._graph.final_softmaxes else "split"
        return "batch" if "batch" in read else "whole"

    def _is_split(self, node: Node) -> bool:
        override = self._parallel.layers.get(node.name)
        if override and isinstance(node.op, Weighted):
            return override == "split"
        return is_split(node, self._parallel.strategy)

    def _read(self, node: Node, layout: Layout) -> int:
        """Fetch what each device lacks; the values that the one with the most reads for an example."""
        inputs = self._graph.tensors(node.inputs)
        sources = [self.holdings[name] for name in node.inputs]
        if layout == "batch" or all(s.layout == "whole" for s in sources) or node.name in self._graph.final_softmaxes:
            return sum(x.size for x in inputs)
        fetched: dict[str, list[float]] = {}
        areas = [x.size // x.channels for x in inputs]
        most = 0
        for device in range(self._devices):
            own = (
                part(node.output.channels, device, self._devices) if layout == "split" else range(node.output.channels)
            )
            reads = node.op.reads(own, inputs, node.output)
            most = max(most, sum(len(maps) * area for maps, area in zip(reads, areas, strict=True)))
            for name, source, maps, area in zip(node.inputs, sources, reads, areas, strict=True):
                if source.has(device, maps):
                    continue
                self._crossings.add((node.name, name))
                if received := source.fetch(device, maps) * area:
                    fetched.setdefault(name, [0] * self._devices)[device] += received
        if fetched:
            self._fetched[node.name] = fetched
        return most

    def _share(self, node: Node, layout: Layout, reads: int) -> Share:
        outputs, parameters = node.output.size, self._counts[node.name].parameters
        if layout == "split":
            outputs, parameters = outputs // self._devices, parameters // self._devices
        examples = 1 if layout == "batch" else self.batch_parts
        return Share(outputs * examples, reads * examples, parameters)

    def return_gradients(self, batch: int) -> None:
        """Back through the layers: which gradients are summands only, and which of them are summed."""
        summands: set[str] = set()
        for node in reversed(self._graph.nodes):
            layout = self.holdings[node.name].layout
            trained = self._counts[node.name].parameters
            if layout == "batch" and trained:
                self.reductions.append(Reduction(node.name, "parameters", trained))
            if layout == "whole" and node.name in summands and trained:
                if trained <= node.output.size * batch:
                    self.reductions.append(Reduction(node.name, "parameters", trained))
                else:
                    self.reductions.append(Reduction(node.name, "output", node.output.size))
                    summands.remove(node.name)
            if layout != "whole" or node.name in summands:
                summands.update(node.inputs)
                self._returning.update(name for name in node.inputs if (node.name, name) in self._crossings)
        self._returning &= self._learned

    def exchanges(self) -> list[Exchange]:
        """The exchanges, in order."""
        return [self._exchange(self._graph.node(name), fetched) for name, fetched in self._fetched.items()]

    def _exchange(self, node: Node, fetched: dict[str, list[float]]) -> Exchange:
        reach = node.op.reach()
        received = [sum(values) for values in zip(*fetched.values(), strict=True)]
        returning = [values for name, values in fetched.items() if name in self._returning]
        return Exchange(
            node.name,
            "halo" if reach.has_neighbours else "gather" if reach.groups else "redistribute",
            tuple(fetched),
            values=sum(received),
            received=max(received),
            returned=max((sum(values) for values in zip(*returning, strict=True)), default=0),
        )


def _uneven(node: Node, devices: int) -> Finding:
    what, maps = node.output.unit, node.output.channels
    step = lcm(devices, node.op.reach().groups or 1)
    less = maps // step * step
    return report(
        node.span,
        "ARC401",
        f"{node.name}'s {maps} {what} do not split over {devices} devices",
        notes=[f"{maps} / {devices} is not whole"],
        help=f"use {f'{less} or ' if less else ''}{less + step} {what}",
    )
