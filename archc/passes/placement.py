"""Where a network is computed: which layers must exchange values when its tensors are held in parts.

By columns, as in the paper, every tensor's maps or units are held in equal contiguous parts, one a device. A layer
whose groups are a multiple of the devices stays local; one that reads all maps first gathers its input; one that
reads a few neighbouring maps exchanges a halo at each boundary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph, Node
from archc.ops.dense import Dense
from archc.ops.softmax import Softmax
from archc.spec import Parallel, Strategy


@dataclass(frozen=True)
class Exchange:
    """Before `layer` computes, devices exchange `values` values an example: a gather of all parts, or a halo."""

    layer: str
    kind: Literal["gather", "halo"]
    values: int


@dataclass(frozen=True)
class Placement:
    strategy: Strategy
    devices: int
    exchanges: tuple[Exchange, ...]


def place(graph: Graph, parallel: Parallel) -> tuple[Placement, list[Finding]]:
    """The exchanges of a graph under its declared strategy."""
    if parallel.strategy == "data" or parallel.devices == 1:
        return Placement(parallel.strategy, parallel.devices, ()), []
    split = _Split(graph, parallel)
    exchanges = tuple(found for node in graph.nodes if (found := split.visit(node)))
    return Placement(parallel.strategy, parallel.devices, exchanges), split.findings


class _Split:
    """Follows, in order, which values are whole on every device and which are held in parts."""

    def __init__(self, graph: Graph, parallel: Parallel) -> None:
        self.findings: list[Finding] = []
        self._graph = graph
        self._devices = parallel.devices
        self._columns_everywhere = parallel.strategy == "columns"
        self._in_parts: set[str] = set()

    def visit(self, node: Node) -> Exchange | None:
        reach = node.op.reach()
        in_parts = [name for name in node.inputs if name in self._in_parts]
        if reach.groups is None:
            if in_parts:
                self._in_parts.add(node.name)
            return None
        if _is_collected(node, self._graph):
            return None
        if self._columns_everywhere or isinstance(node.op, Dense):
            self._hold_in_parts(node)
        if reach.groups % self._devices == 0 or not self._gathers(node, in_parts):
            return None
        values = sum(self._graph.tensor(name).size for name in node.inputs)
        if reach.neighbours:
            area = node.output.height * node.output.width
            # A boundary between two devices that is one between two groups too needs no halo.
            boundaries = sum(1 for k in range(1, self._devices) if k * reach.groups % self._devices)
            return Exchange(node.name, "halo", 2 * boundaries * reach.neighbours * area)
        return Exchange(node.name, "gather", values)

    def _gathers(self, node: Node, in_parts: list[str]) -> bool:
        """Under hybrid, examples too are held in parts up to the first dense layer, which gathers them."""
        return bool(in_parts) or (not self._columns_everywhere and isinstance(node.op, Dense))

    def _hold_in_parts(self, node: Node) -> None:
        self._in_parts.add(node.name)
        if node.output.channels % self._devices:
            what = "maps" if node.output.is_maps else "units"
            message = f"{node.name}'s {node.output.channels} {what} do not split over {self._devices} devices"
            note = f"{node.output.channels} / {self._devices} is not whole"
            less = node.output.channels // self._devices * self._devices
            help = f"{f'{less} or ' if less else ''}{less + self._devices} {what} do"
            self.findings.append(report(node.span, "ARC401", message, notes=[note], help=help))


def _is_collected(node: Node, graph: Graph) -> bool:
    """Whether the layer is a last softmax: it works on the network's output, which is collected in any case."""
    return isinstance(node.op, Softmax) and node.name in graph.outputs
