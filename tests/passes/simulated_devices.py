"""Devices that have only their own values, exchange the others, and count what they receive.

Forward, what a device does not have is NaN, which every op passes on: so what an output depends on is seen by
computing, not asked of the op, and a value that was not fetched cannot hide. Each device ends with what one device
computes alone.

Backward, each map has one gradient per example, and the derivative of an output map by an input map that it depends on
is a random number. A device finds its own terms of each gradient. If any device has terms of maps that it fetched, each
sends a sum for every map that it fetched to the device that computed it. Each device ends with the gradients that one
device finds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np

from archc.analysis import Facts
from archc.conformance.reference import evaluate
from archc.graph import Node
from archc.language.spec import Parallel
from archc.passes.ways import way

Array = np.ndarray[Any, np.dtype[np.float64]]
WEIGHTED = ("conv2d", "conv_transpose2d", "dense")


class Gradient(NamedTuple):
    """The gradient of a value, (batch, maps): a part that every device has whole, and each device's own terms."""

    whole: Array
    terms: list[Array]


@dataclass
class Simulation:
    """All devices at work. `known` is by device and value, with NaN for what the device does not have."""

    facts: Facts
    parallel: Parallel
    batch: int
    fetched: dict[str, list[int]] = field(default_factory=dict)
    returned: dict[str, list[int]] = field(default_factory=dict)
    reductions: list[tuple[str, str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.graph, self.devices = self.facts.graph, range(self.parallel.devices)
        self.rng = np.random.default_rng(0)
        (self.image,) = self.graph.inputs
        self.weights = {
            f"{node.name}.{p.name}": self.rng.uniform(0.5, 1.5, p.shape)
            for node in self.graph.nodes
            for p in node.op.parameters(self.graph.tensors(node.inputs))
        }
        x = self.rng.normal(size=(self.batch, *self.graph.inputs[self.image].shape))
        self.truth = evaluate(self.graph, self.weights, x)
        self.held: dict[str, Literal["whole", "split", "batch"]] = {
            self.image: "whole" if self.parallel.strategy == "columns" else "batch"
        }
        self.known = [{self.image: self.masked(self.image, device)} for device in self.devices]
        # By layer, for each input: the derivative of each map of the output (columns) by each map of the input (rows).
        self.derivatives: dict[str, list[Array]] = {}
        # By device, and by layer and source: which maps of which examples of the source the device fetches for it.
        self.arrived: list[dict[tuple[str, str], Any]] = [{} for _ in self.devices]

    def own(self, name: str, device: int) -> tuple[slice, slice]:
        """The examples and maps that are a device's own."""
        n, maps, held = len(self.devices), self.graph.tensor(name).channels, self.held[name]
        examples = slice(device * self.batch // n, (device + 1) * self.batch // n) if held == "batch" else slice(None)
        return examples, slice(device * maps // n, (device + 1) * maps // n) if held == "split" else slice(None)

    def masked(self, name: str, device: int) -> Array:
        array = np.full_like(self.truth[name], np.nan)
        array[self.own(name, device)] = self.truth[name][self.own(name, device)]
        return array

    def layout(self, node: Node) -> Literal["whole", "split", "batch"]:
        """As the documentation of `parallel` has it."""
        read = {self.held[name] for name in node.inputs}
        is_split = "split" in read
        if node.op.op in WEIGHTED:
            by_strategy = {"columns": WEIGHTED, "hybrid": ("dense",), "data": ()}[self.parallel.strategy]
            choice = self.parallel.layers.get(node.name, "split" if node.op.op in by_strategy else "replicate")
            is_split = choice == "split"
        if is_split and way(node, self.graph.tensors(node.inputs), len(self.devices)):
            return "split"
        return "whole" if "split" in read else "batch" if "batch" in read else "whole"

    def compute(self, node: Node, inputs: list[Array]) -> Array:
        own = {
            p.name: self.weights[f"{node.name}.{p.name}"] for p in node.op.parameters(self.graph.tensors(node.inputs))
        }
        return node.op.compute(tuple(inputs), own)

    def dependence(self, node: Node) -> list[Array]:
        """For each input, which of its maps (rows) make which maps of the output (columns) unknown."""
        inputs = [self.truth[name][:1] for name in node.inputs]
        found: list[Array] = []
        for place_, x in enumerate(inputs):
            rows: list[Any] = []
            for channel in range(x.shape[1]):
                torn = x.copy()
                torn[:, channel] = np.nan
                out = self.compute(node, [*inputs[:place_], torn, *inputs[place_ + 1 :]])
                rows.append(np.isnan(out).reshape(out.shape[1], -1).any(1))
            found.append(np.array(rows))
        return found

    def run(self) -> None:
        for node in self.graph.nodes:
            self.held[node.name] = self.layout(node)
            needs = self.dependence(node)
            self.derivatives[node.name] = [need * self.rng.uniform(0.5, 1.5, need.shape) for need in needs]
            counts = [self.work(node, device, needs) for device in self.devices]
            if any(counts):
                self.fetched[node.name] = counts
        self.go_back()

    def work(self, node: Node, device: int, needs: list[Array]) -> int:
        """Fetch what is missing, compute, and keep one's own part only; how many values were fetched."""
        examples, maps = self.own(node.name, device)
        values = 0
        for name, need in zip(node.inputs, needs, strict=True):
            held, truth = self.known[device][name], self.truth[name]
            wanted = np.zeros(truth.shape, dtype=bool)
            wanted[examples, need[:, maps].any(1)] = True
            missing = wanted & np.isnan(held)
            values += int(missing.sum())
            held[missing] = truth[missing]
            which = missing.reshape(*missing.shape[:2], -1).any(2)
            self.arrived[device][node.name, name] = which | self.arrived[device].get((node.name, name), False)
        with np.errstate(invalid="ignore"):
            made = self.compute(node, [self.known[device][name] for name in node.inputs])
        np.testing.assert_allclose(made[examples, maps], self.truth[node.name][examples, maps], rtol=1e-12)
        self.known[device][node.name] = self.masked(node.name, device)
        return values

    def go_back(self) -> None:
        """From the outputs, where every device computes the loss of what it has, to the first layer that is trained."""
        truth: dict[str, Array] = {}
        arriving: dict[str, list[Gradient]] = {name: [] for name in self.truth}
        trained = {node.name: self.parameters(node) for node in self.graph.nodes}
        learned: set[str] = set()
        for node in self.graph.nodes:
            truth[node.name] = np.zeros(self.truth[node.name].shape[:2])
            if trained[node.name] or learned.intersection(node.inputs):
                learned.add(node.name)
        for name in self.graph.outputs:
            loss = self.rng.normal(size=truth[name].shape)
            truth[name] += loss
            arriving[name].append(Gradient(loss, [np.zeros_like(loss) for _ in self.devices]))
        for node in reversed(self.graph.nodes):
            if node.name not in learned:
                continue
            found = self.collected(node, truth[node.name], arriving[node.name], trained[node.name])
            for name, derivative in zip(node.inputs, self.derivatives[node.name], strict=True):
                if name in learned:
                    truth[name] += truth[node.name] @ derivative.T
                    arriving[name].append(
                        Gradient(found.whole @ derivative.T, [own @ derivative.T for own in found.terms])
                    )

    def parameters(self, node: Node) -> int:
        parameters = node.op.parameters(self.graph.tensors(node.inputs))
        return sum(self.weights[f"{node.name}.{p.name}"].size for p in parameters if p.trained)

    def collected(self, node: Node, truth: Array, arriving: list[Gradient], trained: int) -> Gradient:
        """The gradient of a layer's output, from that of each reader, once the devices have exchanged their terms."""
        whole = sum((gradient.whole for gradient in arriving), np.zeros_like(truth))
        terms = [sum((g.terms[d] for g in arriving), np.zeros_like(truth)) for d in self.devices]
        np.testing.assert_allclose(whole + sum(terms), truth, rtol=1e-9, atol=1e-12)
        if self.held[node.name] != "whole":
            self.send_back(node.name, terms)
            if self.held[node.name] == "batch" and trained:
                self.reductions.insert(0, (node.name, "parameters", trained))
            mine = [np.zeros_like(truth) for _ in self.devices]
            for device in self.devices:
                mine[device][self.own(node.name, device)] = truth[self.own(node.name, device)]
            return Gradient(np.zeros_like(truth), mine)
        if not trained or not any(own.any() for own in terms):
            return Gradient(whole, terms)
        # The weights are the same on all devices, so all need their whole gradient.
        if trained <= self.graph.tensor(node.name).size * self.batch:
            self.reductions.insert(0, (node.name, "parameters", trained))
            return Gradient(whole, terms)
        self.reductions.insert(0, (node.name, "output", self.graph.tensor(node.name).size))
        return Gradient(truth, [np.zeros_like(truth) for _ in self.devices])

    def send_back(self, name: str, terms: list[Array]) -> None:
        """Each device sends its terms of what is not its own, a sum for each value, to the device that computed it."""
        x = self.graph.tensor(name)
        found = [own != 0 for own in terms]
        for device, sent in enumerate(found):
            sent[self.own(name, device)] = False
        if not any(sent.any() for sent in found):
            return
        for device, sent in enumerate(found):
            for (layer, source), which in self.arrived[device].items():
                if source == name:
                    for owner in self.devices:
                        values = int(which[self.own(name, owner)].sum()) * (x.size // x.channels)
                        self.returned.setdefault(layer, [0] * len(self.devices))[owner] += values
                    sent &= ~which
            assert not sent.any(), f"a device has terms of maps of {name} that it did not fetch"


def ring(values: int, devices: int) -> int:
    """The values that the busiest device receives in a ring all-reduce: each passes on a part in each step."""
    ends = [device * values // devices for device in range(devices + 1)]
    sums = [np.full(values, 2.0**device) for device in range(devices)]
    received = [0] * devices
    for step in range(2 * (devices - 1)):
        before = [own.copy() for own in sums]
        for device in range(devices):
            which = (device - 1 - step) % devices
            part = slice(ends[which], ends[which + 1])
            received[device] += part.stop - part.start
            sums[device][part] = before[device - 1][part] + (before[device][part] if step < devices - 1 else 0)
    assert all((own == 2.0**devices - 1).all() for own in sums)
    return max(received)
