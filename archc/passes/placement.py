"""Where a network is computed: what each device has of every layer, and what the devices exchange.

A convolution or a dense layer is split or replicated. If it is split, each device computes an equal, contiguous part of
its maps or units for all examples; if it is replicated, each device has all of its parameters. Other layers run
wherever their inputs are. `data` replicates all layers, and each device computes its part of the examples; `columns`
splits all layers, as in the paper; `hybrid` replicates convolutions and splits dense layers (Krizhevsky, arXiv
1404.5997). A layer that cannot be computed in parts (archc.passes.ways) is replicated in any case.

Before a layer runs, each device fetches the maps that its part reads and that it does not have. The exchanges are
derived from this rule and from what each op reads; there is no list of layers that exchange.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from fractions import Fraction
from math import ceil
from typing import Literal, NamedTuple

from archc.diagnostics.finding import Finding
from archc.graph import Graph, Node
from archc.language.spec import Parallel, Strategy
from archc.ops.weighted import Initialised
from archc.passes.counts import Counts
from archc.passes.gradients import Gradients, Reduction
from archc.passes.holding import Holding, Layout, part
from archc.passes.memory import Share
from archc.passes.ways import Ranges, Way, way
from archc.source import Span

ExchangeKind = Literal["gather", "halo", "redistribute"]


class Exchange(NamedTuple):
    """Values of `sources` that devices fetch before `layer` runs.

    A gather fetches the maps of whole groups, a halo fetches neighbours of a device's own maps, and a redistribution
    fetches maps that move to another device's part. In the backward pass the gradients of these values return to the
    devices that computed the values, and are summed there. Maps of one device may be read by several others, so the
    device that receives most in the backward pass need not be the one that receives most in the forward pass.

    All figures are per example: `values` for all devices together, `received` for the device that fetches most values,
    and `returned` for the device to which most gradients return. archc.passes.gradients describes which return.
    """

    layer: str
    kind: ExchangeKind
    sources: tuple[str, ...]
    values: float
    received: float
    returned: float


class Fetch(NamedTuple):
    """The maps of `source` that each device fetches before `layer` runs, by device.

    `returns` says whether gradients return for them. The source has `layout` and `of` maps, each of `area` values.
    """

    layer: str
    source: str
    maps: tuple[Ranges, ...]
    returns: bool
    layout: Layout
    of: int
    area: int

    def received(self, examples: Sequence[int]) -> list[int]:
        """The values that each device receives in the forward pass, if each has so many of the examples."""
        total = sum(examples)
        others = [total - own if self.layout == "batch" else total for own in examples]
        return [sum(map(len, maps)) * count * self.area for maps, count in zip(self.maps, others, strict=True)]

    def returned(self, examples: Sequence[int]) -> list[int]:
        """The gradients that each device receives in the backward pass."""
        if not self.returns:
            return [0] * len(self.maps)
        if self.layout == "batch":
            counts = [sum(map(len, maps)) for maps in self.maps]
            own = zip(counts, examples, strict=True)
            return [(sum(counts) - count) * n * self.area for count, n in own]
        holding = Holding(self.layout, self.of, len(self.maps))
        owned = holding.owned([maps for each in self.maps for maps in each])
        return [count * sum(examples) * self.area for count in owned]


class Statistics(NamedTuple):
    """The means and variances of a batch normalisation whose examples are divided over the devices.

    Each device sends its own `maps` means and variances and its number of values to all, in float32, and normalises by
    those of all examples. In the backward pass two sums for each map are all-reduced.
    """

    layer: str
    maps: int

    def forward(self, devices: int) -> int:
        """The number of values that a device receives in the forward pass of a step."""
        return (devices - 1) * (2 * self.maps + 1)

    def backward(self, devices: int) -> Fraction:
        """The number of values that a device receives in the backward pass of a step."""
        return ring(2 * self.maps, devices)


class Placement(NamedTuple):
    """The layout of each layer and what follows from it.

    `ways` are how the split layers are computed in parts, `partial` the values of whose gradient each device finds only
    some terms.

    `shares` is what one device has of each layer, the largest share if devices differ. The batch is divided into
    `batch_parts` parts, and shares are per example of one part: a layer that each device computes for the whole batch
    counts `batch_parts` times.
    """

    strategy: Strategy
    devices: int
    layouts: Mapping[str, Layout]
    shares: Mapping[str, Share]
    batch_parts: int
    exchanges: tuple[Exchange, ...]
    reductions: tuple[Reduction, ...]
    statistics: tuple[Statistics, ...]
    ways: Mapping[str, Way]
    fetches: tuple[Fetch, ...]
    partial: Collection[str]

    def all_reduced(self, reduction: Reduction, batch: int) -> int:
        """The number of values that a device receives in a ring all-reduce of a gradient in a step, rounded up.

        With n devices and n equal parts of the gradient, n - 1 steps complete the sum of one part on each device, and
        n - 1 more steps pass the sums on.
        """
        return ceil(self.summed(reduction, batch))

    def summed(self, reduction: Reduction, batch: int) -> Fraction:
        """The same, before it is rounded up."""
        return ring(reduction.values * (batch if reduction.of == "output" else 1), self.devices)

    def forward(self, batch: int) -> int:
        """The number of values received in the forward pass of a step, by the busiest device of each exchange."""
        exchanged = sum(round(exchange.received * batch) for exchange in self.exchanges)
        return exchanged + sum(each.forward(self.devices) for each in self.statistics)

    def backward(self, batch: int) -> int:
        """The number of values received in the backward pass of a step, by the busiest device of each exchange."""
        returned = sum(round(exchange.returned * batch) for exchange in self.exchanges)
        summed = [self.summed(reduction, batch) for reduction in self.reductions]
        return returned + ceil(sum(summed + [each.backward(self.devices) for each in self.statistics]))


def ring(values: int, devices: int) -> Fraction:
    """The number of values that a device receives in a ring all-reduce of so many: 2 (n - 1) / n of them."""
    return Fraction(2 * (devices - 1) * values, devices)


def place(
    graph: Graph, counts: Counts, parallel: Parallel, batch: int, *, devices: Span | None = None
) -> tuple[Placement, list[Finding]]:
    """The placement of a graph for steps of `batch` examples, and the finding on layers that do not split evenly.

    `devices` is where the spec writes the number of devices, if that number is the one of the spec.
    """
    placing = _Placing(graph, counts, parallel)
    for node in graph.nodes:
        placing.visit(node)
    layouts: dict[str, Layout] = {name: holding.layout for name, holding in placing.holdings.items()}
    gradients = Gradients(graph, counts, layouts, placing.is_shared, devices=parallel.devices, batch=batch)
    placement = Placement(
        strategy=parallel.strategy,
        devices=parallel.devices,
        layouts=layouts,
        shares=placing.shares,
        batch_parts=placing.batch_parts,
        exchanges=tuple(placing.exchanges(gradients.partial)),
        reductions=tuple(gradients.reductions),
        statistics=tuple(
            Statistics(node.name, node.output.channels)
            for node in graph.nodes
            if node.op.normalises == "batch" and layouts[node.name] == "batch"
        ),
        ways=placing.ways,
        fetches=tuple(placing.fetches(gradients.partial)),
        partial=gradients.partial,
    )
    if not placing.uneven:
        return placement, []
    from archc.passes.uneven import uneven

    return placement, [uneven(placing.uneven, placing.widths, parallel.devices, devices)]


def under(strategy: Strategy, devices: int, declared: Parallel | None) -> Parallel:
    """A strategy on a number of devices, with the layers that `declared` places itself if its strategy is the same."""
    layers = declared.layers if declared is not None and declared.strategy == strategy else {}
    return Parallel(devices=devices, strategy=strategy, layers=layers)


def is_split(node: Node, strategy: Strategy) -> bool:
    """Whether a strategy splits a layer that the spec does not place itself."""
    if strategy == "data" or not isinstance(node.op, Initialised) or not node.op.splits:
        return False
    return strategy == "columns" or node.output.is_vector  # hybrid splits dense layers only


class _Placing:
    """Places the layers in order.

    `uneven` are the layers whose maps or units do not split evenly, `widths` the numbers of those that are split.
    """

    def __init__(self, graph: Graph, counts: Counts, parallel: Parallel) -> None:
        self.uneven: list[Node] = []
        self.widths: list[int] = []
        self.shares: dict[str, Share] = {}
        self.ways: dict[str, Way] = {}
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
        # By layer and source, and by device: the maps that the device fetches.
        self._fetched: dict[str, dict[str, list[list[range]]]] = {}
        # The layers and sources of which a layer reads maps that are not a device's own.
        self._shared: set[tuple[str, str]] = set()
        # Layers whose maps do not split evenly, those included that only have the width of such a layer.
        self._uneven: set[str] = set()

    def visit(self, node: Node) -> None:
        """Place a layer, after all of its inputs."""
        layout = self._layout(node)
        maps = node.output.channels
        self.holdings[node.name] = Holding(layout, maps, self._devices)
        if layout == "split":
            self.widths.append(maps)
        if layout == "split" and maps % self._devices:
            # A layer without weights has the width of its input, where the mistake is reported already.
            if isinstance(node.op, Initialised) or self._uneven.isdisjoint(node.inputs):
                self.uneven.append(node)
            self._uneven.add(node.name)
        self.shares[node.name] = self._share(node, layout, self._read(node, layout))

    def _layout(self, node: Node) -> Layout:
        read = {self.holdings[name].layout for name in node.inputs}
        is_split = self._devices > 1 and self._is_split(node)
        if not is_split and "split" in read:
            # A replicated layer computes everything on each device; a final softmax runs on the collected output.
            is_split = not isinstance(node.op, Initialised) and node.name not in self._graph.final_softmaxes
            if not is_split:
                return "whole"
        if is_split and (made := way(node, self._graph.tensors(node.inputs), self._devices)):
            self.ways[node.name] = made
            return "split"
        return "whole" if "split" in read else "batch" if "batch" in read else "whole"

    def _is_split(self, node: Node) -> bool:
        entry = self._parallel.entry(node.name) if self._parallel.layers else None
        if entry and isinstance(node.op, Initialised):
            return self._parallel.layers[entry] == "split" and node.op.splits
        return is_split(node, self._parallel.strategy)

    def _read(self, node: Node, layout: Layout) -> int:
        """Note what each device fetches for a layer; the values per example that a device reads at most."""
        inputs = self._graph.tensors(node.inputs)
        sources = [self.holdings[name] for name in node.inputs]
        if layout == "batch" or all(s.layout == "whole" for s in sources) or node.name in self._graph.final_softmaxes:
            return sum(x.size for x in inputs)
        fetched: dict[str, list[list[range]]] = {}
        areas = [x.size // x.channels for x in inputs]
        most = 0
        for device in range(self._devices):
            own = (
                part(node.output.channels, device, self._devices) if layout == "split" else range(node.output.channels)
            )
            reads = node.op.reads_apart(own, inputs, node.output)
            most = max(most, sum(sum(map(len, apart)) * area for apart, area in zip(reads, areas, strict=True)))
            for name, source, apart in zip(node.inputs, sources, reads, strict=True):
                for maps in apart:
                    if source.has(device, maps):
                        continue
                    self._shared.add((node.name, name))
                    if missing := source.fetch(device, maps):
                        fetched.setdefault(name, [[] for _ in range(self._devices)])[device] += missing
        if fetched:
            self._fetched[node.name] = fetched
        return most

    def _share(self, node: Node, layout: Layout, reads: int) -> Share:
        outputs, parameters = node.output.size, self._counts[node.name].parameters
        if layout == "split":
            outputs //= self._devices
            parameters = parameters if node.op.has_common_parameters else parameters // self._devices
        examples = 1 if layout == "batch" else self.batch_parts
        return Share(outputs * examples, reads * examples, parameters)

    def is_shared(self, layer: str, source: str) -> bool:
        """Whether a layer reads maps of a value that are not a device's own."""
        return self.holdings[source].layout == "whole" or (layer, source) in self._shared

    def fetches(self, partial: Collection[str]) -> Iterator[Fetch]:
        """What is fetched, in the order of the layers."""
        for layer, fetched in self._fetched.items():
            for source, by_device in fetched.items():
                x = self._graph.tensor(source)
                maps, area = tuple(map(tuple, by_device)), x.size // x.channels
                yield Fetch(layer, source, maps, source in partial, self.holdings[source].layout, x.channels, area)

    def exchanges(self, partial: Collection[str]) -> list[Exchange]:
        """The exchanges in the order of the layers."""
        return [self._exchange(self._graph.node(name), fetched, partial) for name, fetched in self._fetched.items()]

    def _exchange(self, node: Node, fetched: dict[str, list[list[range]]], partial: Collection[str]) -> Exchange:
        devices = self._devices
        # By device, in values per example times the number of devices, so that they are whole.
        received, returned = [0] * devices, [0] * devices
        for name, by_device in fetched.items():
            x, holding = self._graph.tensor(name), self.holdings[name]
            is_batch, area = holding.layout == "batch", x.size // x.channels
            counts = [sum(map(len, maps)) for maps in by_device]
            if is_batch:  # a device has all maps of its own examples: one of as many as there are devices
                back = [sum(counts) - own for own in counts]
            else:
                back = [own * devices for own in holding.owned([maps for each in by_device for maps in each])]
            for device in range(devices):
                received[device] += counts[device] * area * (devices - is_batch)
                returned[device] += back[device] * area if name in partial else 0
        return Exchange(
            node.name,
            _kind(node, self.holdings[node.name].layout),
            tuple(fetched),
            values=_quotient(sum(received), devices),
            received=_quotient(max(received), devices),
            returned=_quotient(max(returned), devices),
        )


def _kind(node: Node, layout: Layout) -> ExchangeKind:
    reach = node.op.reach()
    if reach.has_neighbours and layout == "split":
        return "halo"
    return "gather" if reach.groups else "redistribute"


def _quotient(values: int, devices: int) -> float:
    """An integer if it is whole."""
    whole, rest = divmod(values, devices)
    return values / devices if rest else whole
