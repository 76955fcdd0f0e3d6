"""Exchanges against a simulation: devices that hold only their own values, and count what they must fetch.

What a device does not hold is NaN, which every op passes on: so what an output depends on is seen by computing, not
asked of the op, and a value that was not fetched cannot hide. Each device ends with what one device computes alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from archc.analysis import Facts, analyse
from archc.conformance.reference import evaluate
from archc.graph import Node
from archc.language.spec import Parallel
from archc.passes.placement import place

Array = np.ndarray[Any, np.dtype[np.float64]]
ALEXNET = Path(__file__).parents[2] / "specs" / "alexnet.yaml"
WEIGHTED = ("conv2d", "dense")
BATCH = 12
HEAD = """schema: archc/v1
name: small
defaults:
  conv2d: {kernel: 3, padding: 1, weight_init: {he_normal: {}}}
  dense: {weight_init: {he_normal: {}}}
  lrn: {alpha: 1, beta: 0.75, k: 1}
"""


@dataclass
class Simulation:
    """All devices at work. `known` is by device and value, with NaN for what the device does not have."""

    facts: Facts
    parallel: Parallel
    fetched: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.graph, self.devices = self.facts.graph, range(self.parallel.devices)
        rng = np.random.default_rng(0)
        (image,) = self.graph.inputs
        self.weights = {
            f"{node.name}.{p.name}": rng.uniform(0.5, 1.5, p.shape)
            for node in self.graph.nodes
            for p in node.op.parameters(self.graph.tensors(node.inputs))
        }
        x = rng.normal(size=(BATCH, *self.graph.inputs[image].shape))
        self.truth = evaluate(self.graph, self.weights, x)
        self.held: dict[str, Literal["whole", "split", "batch"]] = {
            image: "whole" if self.parallel.strategy == "columns" else "batch"
        }
        self.known = [{image: self.masked(image, device)} for device in self.devices]

    def own(self, name: str, device: int) -> tuple[slice, slice]:
        """The examples and maps that are a device's own."""
        n, maps, held = len(self.devices), self.graph.tensor(name).channels, self.held[name]
        examples = slice(device * BATCH // n, (device + 1) * BATCH // n) if held == "batch" else slice(None)
        return examples, slice(device * maps // n, (device + 1) * maps // n) if held == "split" else slice(None)

    def masked(self, name: str, device: int) -> Array:
        array = np.full_like(self.truth[name], np.nan)
        array[self.own(name, device)] = self.truth[name][self.own(name, device)]
        return array

    def layout(self, node: Node) -> Literal["whole", "split", "batch"]:
        """As the documentation of `parallel` has it."""
        read = {self.held[name] for name in node.inputs}
        if node.op.op in WEIGHTED:
            by_strategy = {"columns": WEIGHTED, "hybrid": ("dense",), "data": ()}[self.parallel.strategy]
            choice = self.parallel.layers.get(node.name, "split" if node.op.op in by_strategy else "replicate")
            return "split" if choice == "split" else "batch" if read == {"batch"} else "whole"
        return "split" if "split" in read else "batch" if "batch" in read else "whole"

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
            counts = [self.work(node, device, needs) for device in self.devices]
            if any(counts):
                self.fetched[node.name] = counts

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
        with np.errstate(invalid="ignore"):
            made = self.compute(node, [self.known[device][name] for name in node.inputs])
        np.testing.assert_allclose(made[examples, maps], self.truth[node.name][examples, maps], rtol=1e-12)
        self.known[device][node.name] = self.masked(node.name, device)
        return values


def assert_as_simulated(facts: Facts, parallel: Parallel) -> None:
    placement, findings = place(facts.graph, facts.counts, parallel, BATCH)
    assert findings == []
    simulation = Simulation(facts, parallel)
    simulation.run()
    assert placement.layouts == simulation.held
    assert {e.layer: e.values * BATCH for e in placement.exchanges} == pytest.approx(
        {layer: sum(counts) for layer, counts in simulation.fetched.items()}
    )
    assert {e.layer: e.received * BATCH for e in placement.exchanges} == pytest.approx(
        {layer: max(counts) for layer, counts in simulation.fetched.items()}
    )
    assert placement.forward(BATCH) == sum(max(counts) for counts in simulation.fetched.values())


def facts_of(text: str) -> Facts | None:
    return analyse(text.encode(), "small.yaml").facts


def small_alexnet() -> Facts:
    """The paper's network with fewer maps and units, and a smaller picture; without its last softmax."""
    text = ALEXNET.read_text("utf-8").partition("  prob:")[0].replace("227, 227", "67, 67")
    for wide, narrow in (("96", "16"), ("256", "32"), ("384", "48"), ("4096", "64"), ("1000", "40")):
        text = text.replace(f"filters: {wide},", f"filters: {narrow},").replace(f"units: {wide}", f"units: {narrow}")
    lines = [line.partition(", expect")[0] + "}" if ", expect" in line else line for line in text.splitlines()]
    facts = facts_of("\n".join(lines) + "\n")
    assert facts is not None
    return facts


@pytest.mark.parametrize("strategy", ["data", "columns", "hybrid"])
@pytest.mark.parametrize("devices", [2, 4])
def test_alexnet_scaled_down(devices: int, strategy: Any) -> None:
    assert_as_simulated(small_alexnet(), Parallel(devices=devices, strategy=strategy))


def test_alexnet_with_layers_placed_by_hand() -> None:
    layers: Any = {"conv1": "replicate", "fc7": "replicate", "fc8": "replicate"}
    assert_as_simulated(small_alexnet(), Parallel(devices=2, strategy="columns", layers=layers))


MAPS_OPS = (
    "{{op: conv2d, filters: {width}, groups: {groups}, from: {a}}}",
    "{{op: lrn, size: {size}, groups: {groups}, from: {a}}}",
    "{{op: relu, from: {a}}}",
    "{{op: max_pool2d, kernel: 2, stride: 1, padding: same, from: {a}}}",
    "{{op: batch_norm, epsilon: 1, momentum: 0.9, from: {a}}}",
    "{{op: add, from: [{a}, {b}]}}",
    "{{op: concat, from: [{a}, {b}]}}",
)
DENSE_OPS = (
    "{{op: dense, units: {width}, from: {a}}}",
    "{{op: relu, from: {a}}}",
    "{{op: concat, from: [{a}, {b}]}}",
    "{{op: add, from: [{a}, {b}]}}",
)


@st.composite
def networks(draw: st.DrawFn) -> str:
    """Layers that read any that stand before them: maps, then, flattened, units."""
    body: list[str] = []
    names = ["image"]
    for number in range(draw(st.integers(1, 4))):
        body.append(f"m{number}: " + _layer(draw, MAPS_OPS, names))
        names.append(f"m{number}")
    body.append(f"flat: {{op: flatten, from: {draw(st.sampled_from(names))}}}")
    names = ["flat"]
    for number in range(draw(st.integers(0, 4))):
        body.append(f"d{number}: " + _layer(draw, DENSE_OPS, names))
        names.append(f"d{number}")
    layers = "".join(f"  {layer}\n" for layer in body)
    read = {name for layer in body for name in layer.partition("from: ")[2].strip("[]{}").split(", ")}
    outputs = [name for layer in body if (name := layer.partition(":")[0]) not in read]
    return f"{HEAD}input: {{image: [12, 3, 2]}}\nlayers:\n{layers}outputs: [{', '.join(outputs)}]\n"


def _layer(draw: st.DrawFn, ops: tuple[str, ...], names: list[str]) -> str:
    return draw(st.sampled_from(ops)).format(
        width=draw(st.sampled_from([12, 24])),
        groups=draw(st.sampled_from([1, 2, 3, 4, 6])),
        size=draw(st.integers(1, 6)),
        a=names[-1],
        b=draw(st.sampled_from(names)),
    )


@settings(max_examples=150, deadline=None)
@given(
    text=networks(),
    devices=st.sampled_from([2, 3, 4]),
    strategy=st.sampled_from(["data", "columns", "hybrid"]),
    by_hand=st.dictionaries(
        st.sampled_from(["m0", "m1", "m2", "d0", "d1"]), st.sampled_from(["split", "replicate"]), max_size=2
    ),
)
def test_any_small_network(text: str, devices: int, strategy: Any, by_hand: Any) -> None:
    facts = facts_of(text)
    assume(facts is not None)
    assert facts is not None
    placed = {node.name for node in facts.graph.nodes if node.op.op in WEIGHTED}
    layers = {name: choice for name, choice in by_hand.items() if name in placed}
    assert_as_simulated(facts, Parallel(devices=devices, strategy=strategy, layers=layers))
