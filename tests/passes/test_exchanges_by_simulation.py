"""Exchanges, and the bytes of a plan, against simulated devices that count what they receive."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, gcd
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated_devices import WEIGHTED, Simulation, ring

from archc.analysis import Facts, analyse
from archc.language.recipe import Precision
from archc.language.spec import Parallel
from archc.passes.collectives import traffic
from archc.passes.gradients import Reduction
from archc.passes.placement import place
from archc.passes.plan import Setting, plan

ALEXNET = Path(__file__).parents[2] / "specs" / "alexnet.yaml"
HEAD = """schema: archc/v1
name: small
defaults:
  conv2d: {kernel: 3, padding: 1, weight_init: {he_normal: {}}}
  dense: {weight_init: {he_normal: {}}}
  lrn: {alpha: 1, beta: 0.75, k: 1}
"""


def assert_as_simulated(facts: Facts, parallel: Parallel, precision: Precision = "float32", examples: int = 2) -> None:
    """Compare a placement, and its plan, with what simulated devices receive; each has so many examples of its own.

    Parts that are not equal cannot be planned, but are compared too.
    """
    batch = examples * parallel.devices
    placement, findings = place(facts.graph, facts.counts, parallel, batch)
    simulation = Simulation(facts, parallel, batch)
    simulation.run()
    values = {layer: sum(counts) for layer, counts in simulation.fetched.items()}
    fetched = {layer: max(counts) for layer, counts in simulation.fetched.items()}
    returned = {layer: max(simulation.returned.get(layer, [0])) for layer in fetched}
    assert placement.layouts == simulation.held
    assert {e.layer: e.values * batch for e in placement.exchanges} == pytest.approx(values)
    assert {e.layer: e.received * batch for e in placement.exchanges} == pytest.approx(fetched)
    assert {e.layer: e.returned * batch for e in placement.exchanges} == pytest.approx(returned)
    assert [tuple(reduction) for reduction in placement.reductions] == simulation.reductions
    if not findings:
        assert_planned_as_simulated(facts, parallel, precision, simulation)


def assert_planned_as_simulated(facts: Facts, parallel: Parallel, precision: Precision, simulation: Simulation) -> None:
    """Compare the bytes and the time of a plan with what simulated devices have received."""
    width, devices = {"float32": 4, "bfloat16": 2}[precision], parallel.devices
    expected = {
        (layer, "exchange"): (max(counts) * width, max(simulation.returned.get(layer, [0])) * width)
        for layer, counts in simulation.fetched.items()
    }
    exact = Fraction(sum(back for _, back in expected.values()))
    for layer, of, size in simulation.reductions:
        times, wide = (1, 4) if of == "parameters" else (simulation.batch, width)
        expected[layer, "all-reduce"] = 0, ring(size * times, devices) * wide
        exact += Fraction(2 * (devices - 1) * size * times * wide, devices)
    for node in facts.graph.nodes:
        if node.op.op == "batch_norm" and simulation.held[node.name] == "batch":
            # A mean and a variance of each map, and their count; then two sums for each map.
            maps = node.output.channels
            expected[node.name, "statistics"] = (devices - 1) * (2 * maps + 1) * 4, ring(2 * maps, devices) * 4
            exact += Fraction(2 * (devices - 1) * 2 * maps * 4, devices)
    setting = Setting(devices, simulation.batch, 1e9, precision, None)
    (cost,) = (o.cost for o in plan(facts.graph, facts.counts, parallel, setting).options if o.is_declared)
    assert cost is not None
    kinds = ("statistics", "all-reduce")
    found = {(c.layer, c.kind if c.kind in kinds else "exchange"): (c.forward, c.backward) for c in cost.crossings}
    assert found == expected
    assert (cost.forward, cost.backward) == (sum(forward for forward, _ in expected.values()), ceil(exact))
    assert cost.seconds == pytest.approx((cost.forward + cost.backward) / 1e9)
    placement, _ = place(facts.graph, facts.counts, parallel, simulation.batch)
    if precision == "float32":
        received = placement.forward(simulation.batch), placement.backward(simulation.batch)
        assert received == (cost.forward // 4, -(-cost.backward // 4))
    each = traffic(facts.graph, placement, batch=simulation.batch, width=width)
    own = [sum(counts[device] for counts in simulation.fetched.values()) * width for device in range(devices)]
    common = cost.forward - sum(max(counts) * width for counts in simulation.fetched.values())
    assert [device.forward for device in each] == [forward + common for forward in own]


@pytest.mark.parametrize("devices", range(2, 9))
@pytest.mark.parametrize("values", [1, 2, 3, 7, 10, 56, 57, 100])
def test_a_ring(values: int, devices: int) -> None:
    facts = facts_of(f"{HEAD}input: {{image: [3, 1, 1]}}\nlayers:\n  conv1: {{op: conv2d, filters: 1}}\n")
    assert facts is not None
    placement, _ = place(facts.graph, facts.counts, Parallel(devices=devices, strategy="data"), devices)
    assert placement.all_reduced(Reduction("layer", "parameters", values), 1) == ring(values, devices)
    assert placement.all_reduced(Reduction("layer", "output", values), 5) == ring(values * 5, devices)


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
@pytest.mark.parametrize("devices", [2, 4, 8])
def test_alexnet_scaled_down(devices: int, strategy: Any) -> None:
    assert_as_simulated(small_alexnet(), Parallel(devices=devices, strategy=strategy))


def test_alexnet_with_layers_placed_by_hand() -> None:
    layers: Any = {"conv1": "replicate", "fc7": "replicate", "fc8": "replicate"}
    assert_as_simulated(small_alexnet(), Parallel(devices=2, strategy="columns", layers=layers))


@pytest.mark.parametrize("devices", [2, 4, 8])
@pytest.mark.parametrize(
    ("strategy", "by_hand", "layers"),
    [
        # `all` fetches everything and each device finds its whole gradient; only what `some` read returns.
        (
            "columns",
            {"all": "replicate"},
            ["a: {op: conv2d, filters: 16}", "all: {op: conv2d, filters: 8}", "some: {op: lrn, size: 3, from: a}"],
        ),
        # A device has terms only of the half of `all` that it reads, and so of the half of `a`.
        (
            "columns",
            {"all": "replicate"},
            [
                "a: {op: conv2d, filters: 16}",
                "all: {op: conv2d, filters: 16, groups: 2}",
                "b: {op: conv2d, filters: 16, groups: 2}",
            ],
        ),
        # The gradient of the output of `all` is summed: each device then finds the whole gradient of `a`.
        (
            "columns",
            {"all": "replicate"},
            [
                "flat: {op: flatten}",
                "a: {op: dense, units: 64}",
                "all: {op: dense, units: 8}",
                "b: {op: dense, units: 8}",
            ],
        ),
        # A device has terms of `all` for its own examples only, and so of `a`.
        (
            "data",
            {"a": "split", "all": "replicate"},
            [
                "flat: {op: flatten}",
                "a: {op: dense, units: 8}",
                "all: {op: dense, units: 8}",
                "b: {op: dense, units: 8, from: flat}",
                "sum: {op: add, from: [all, b]}",
            ],
        ),
        # A device reads its own part of `all` for all examples, and all of it for its own.
        (
            "data",
            {"a": "split", "all": "replicate", "c": "split"},
            [
                "a: {op: conv2d, filters: 8}",
                "all: {op: conv2d, filters: 8}",
                "b: {op: conv2d, filters: 8, from: image}",
                "sum: {op: add, from: [all, b]}",
                "c: {op: conv2d, filters: 8, groups: 8, from: all}",
            ],
        ),
    ],
)
def test_layers_placed_by_hand(devices: int, strategy: Any, by_hand: Any, layers: list[str]) -> None:
    text = f"{HEAD}input: {{image: [8, 2, 1]}}\nlayers:\n" + "".join(f"  {layer}\n" for layer in layers)
    facts = facts_of(text)
    assert facts is not None
    assert_as_simulated(facts, Parallel(devices=devices, strategy=strategy, layers=by_hand))


MOVES = (
    "slice, stop: 8",
    "slice, start: 3, stop: 11",
    "slice, start: 4, stop: 5",
    "channel_shuffle, groups: 2",
    "channel_shuffle, groups: 4",
    "space_to_depth, factor: 2",
    "reshape, to: [32, 2, 6]",
    "reshape, to: [6, 64]",
    "reshape, to: [-1]",
    "permute, axes: [0, 2, 1]",
    "permute, axes: [1, 0, 2]",
    "pad, padding: 1, mode: reflect",
    "crop, cut: 1",
    "avg_pool2d, kernel: 2, stride: 2",
    "global_avg_pool",
    "global_max_pool",
    "upsample, factor: 2, mode: bilinear, corners: aligned",
    "conv_transpose2d, filters: 16, kernel: 2, groups: 4, weight_init: {he_normal: {}}",
)


@pytest.mark.parametrize("devices", [2, 4])
@pytest.mark.parametrize(
    ("strategy", "by_hand"), [("columns", {}), ("data", {"a": "split"}), ("hybrid", {}), ("hybrid", {"a": "split"})]
)
@pytest.mark.parametrize("op", MOVES)
def test_values_that_move(op: str, strategy: Any, by_hand: Any, devices: int) -> None:
    """Maps that an op reads from other places, before layers of each kind."""
    layers = [
        "a: {op: conv2d, filters: 16}",
        f"m: {{op: {op}}}",
        "r: {op: relu}",
        "f: {op: flatten, from: m}",
        "d: {op: dense, units: 8}",
    ]
    text = f"{HEAD}input: {{image: [8, 4, 6]}}\nlayers:\n" + "".join(f"  {layer}\n" for layer in layers)
    facts = facts_of(f"{text}outputs: [r, d]\n")
    assert facts is not None
    assert_as_simulated(facts, Parallel(devices=devices, strategy=strategy, layers=by_hand))


MAPS_OPS = (
    "{{op: conv2d, filters: {width}, groups: {groups}, from: {a}}}",
    "{{op: lrn, size: {size}, groups: {groups}, from: {a}}}",
    "{{op: relu, from: {a}}}",
    "{{op: max_pool2d, kernel: 2, stride: 1, padding: same, from: {a}}}",
    "{{op: batch_norm, epsilon: 1, momentum: 0.9, from: {a}}}",
    "{{op: add, from: [{a}, {b}]}}",
    "{{op: concat, from: [{a}, {c}]}}",
)
DENSE_OPS = (
    "{{op: dense, units: {width}, from: {a}}}",
    "{{op: relu, from: {a}}}",
    "{{op: concat, from: [{a}, {c}]}}",
    "{{op: add, from: [{a}, {b}]}}",
)
AREA = 2


@st.composite
def networks(draw: st.DrawFn, unit: int) -> str:
    """Layers that read any that stand before them: maps, then, flattened, units. Widths are multiples of `unit`."""
    image = draw(st.one_of(st.just(unit), st.just(3 * unit), st.integers(1, 12)))
    body: list[str] = []
    widths = {"image": image}
    for number in range(draw(st.integers(1, 4))):
        body.append(_layer(draw, f"m{number}", MAPS_OPS, widths, unit))
    source = draw(st.sampled_from(list(widths)))
    body.append(f"flat: {{op: flatten, from: {source}}}")
    widths = {"flat": widths[source] * AREA}
    for number in range(draw(st.integers(0, 4))):
        body.append(_layer(draw, f"d{number}", DENSE_OPS, widths, unit))
    layers = "".join(f"  {layer}\n" for layer in body)
    read = {name for layer in body for name in layer.partition("from: ")[2].strip("[]{}").split(", ")}
    outputs = [name for layer in body if (name := layer.partition(":")[0]) not in read]
    return f"{HEAD}input: {{image: [{image}, {AREA}, 1]}}\nlayers:\n{layers}outputs: [{', '.join(outputs)}]\n"


def _layer(draw: st.DrawFn, name: str, ops: tuple[str, ...], widths: dict[str, int], unit: int) -> str:
    """A layer that reads the last of `widths`, the number of maps by layer, or an earlier one; it is added to them."""
    a = draw(st.one_of(st.just(list(widths)[-1]), st.sampled_from(list(widths))))
    b = draw(st.sampled_from([other for other in widths if widths[other] == widths[a]]))
    c = draw(st.sampled_from(list(widths)))
    op = draw(st.sampled_from(ops))
    width = unit * draw(st.integers(1, 6))
    common = gcd(widths[a], width) if "{width}" in op else widths[a]
    groups = draw(st.sampled_from([number for number in range(1, common + 1) if common % number == 0]))
    widths[name] = width if "{width}" in op else widths[a] + widths[c] if "{c}" in op else widths[a]
    return f"{name}: " + op.format(width=width, groups=groups, size=draw(st.integers(1, 6)), a=a, b=b, c=c)


@settings(max_examples=200)
@given(
    data=st.data(),
    devices=st.integers(2, 8),
    strategy=st.sampled_from(["data", "columns", "hybrid"]),
    precision=st.sampled_from(["float32", "bfloat16"]),
    by_hand=st.dictionaries(
        st.sampled_from(["m0", "m1", "m2", "d0", "d1", "d2"]), st.sampled_from(["split", "replicate"]), max_size=4
    ),
)
def test_any_small_network(
    data: st.DataObject, devices: int, strategy: Any, precision: Precision, by_hand: Any
) -> None:
    unit = data.draw(st.one_of(st.just(devices), st.integers(1, 4)))
    facts = facts_of(data.draw(networks(unit)))
    assert facts is not None
    placed = {node.name for node in facts.graph.nodes if node.op.op in WEIGHTED}
    layers = {name: choice for name, choice in by_hand.items() if name in placed}
    assert_as_simulated(facts, Parallel(devices=devices, strategy=strategy, layers=layers), precision)
