"""The cost of each strategy before anything runs: memory per device, bytes received, and the time that these take.

In each exchange, and in each direction, the device that receives most is counted. The time assumes that one exchange
follows another, with no latency and with no computation meanwhile. Every strategy divides the computation equally,
except for replicated layers, which every device repeats. So the strategy with the least time is the cheapest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from operator import itemgetter
from typing import Literal, get_args

from archc.diagnostics.finding import Finding
from archc.graph import Graph, Node
from archc.language.recipe import Precision
from archc.language.spec import Parallel, Strategy
from archc.ops.properties import FLOAT32
from archc.passes.collectives import Collectives, collectives, traffic
from archc.passes.counts import Counts, LayerCounts
from archc.passes.device_memory import device_memory
from archc.passes.gradients import Reduction
from archc.passes.holding import Layout
from archc.passes.memory import Memory
from archc.passes.placement import Exchange, ExchangeKind, Placement, Statistics, place, under
from archc.passes.training_step import PLAIN, TrainingStep
from archc.passes.values import WIDTH
from archc.tensor import Unit


@dataclass(frozen=True)
class Setting:
    """The hardware and the batch to plan for.

    `link` is in bytes per second, each way. `device_memory` is in bytes, None if it is unknown.
    """

    devices: int
    batch: int
    link: float
    precision: Precision
    device_memory: int | None
    step: TrainingStep = PLAIN


@dataclass(frozen=True)
class Part:
    """One device's part of a layer: `channels` of its `of` channels, for `examples` of the batch.

    `unit` is what its channels are called: `maps`, `channels` or `units`.

    `output_bytes` is the size of the part's output in a step, before anything is freed.
    """

    layer: str
    layout: Layout
    channels: int
    of: int
    unit: Unit
    examples: int
    parameters: int
    output_bytes: int


@dataclass(frozen=True)
class Crossing:
    """An exchange or a reduction of a layer: `forward` and `backward` are the bytes that the busiest device receives.

    They are per step, and the busiest device may be another one in each direction. `values` is the size of the gradient
    that a reduction sums, or the number of values that the busiest device receives per example in an exchange.
    """

    layer: str
    kind: ExchangeKind | Literal["statistics", "all-reduce"]
    of: tuple[str, ...]
    values: float
    forward: int
    backward: int


@dataclass(frozen=True)
class Cost:
    """The cost of a possible strategy for the device with the most of each.

    `macs` are those of a step, forward and backward. `received` counts the values of the forward pass per example, for
    the busiest device of each exchange.
    `outputs` are the bytes that collect the network's outputs on each device, which `forward` and `seconds` leave out:
    they depend on the loss. `fits` is None if the device's memory is unknown.
    """

    parts: tuple[Part, ...]
    crossings: tuple[Crossing, ...]
    memory: Memory
    parameters: int
    macs: int
    received: float
    forward: int
    backward: int
    outputs: int
    collectives: Collectives
    seconds: float
    fits: bool | None


@dataclass(frozen=True)
class Option:
    """A strategy with its cost, or with the obstacles that make it impossible.

    `findings` are the obstacles that have a place in the spec: layers that do not split evenly.
    """

    strategy: Strategy
    is_declared: bool
    findings: tuple[Finding, ...]
    obstacles: tuple[str, ...]
    cost: Cost | None


@dataclass(frozen=True)
class Plan:
    """All strategies, and for comparison one device that does everything: its memory, parameters and MACs per step."""

    setting: Setting
    alone: Memory
    parameters: int
    macs: int
    options: tuple[Option, ...]

    @property
    def alone_fits(self) -> bool | None:
        room = self.setting.device_memory
        return None if room is None else self.alone.peak <= room

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of all strategies. One is left out if another has all of its places."""
        found = dict.fromkeys(finding for option in self.options for finding in option.findings)
        places = {finding: {finding.span, *finding.places} for finding in found}
        return tuple(f for f in found if not any(places[f] < other for other in places.values()))

    @property
    def cheapest(self) -> Strategy | None:
        """The strategy that fits and whose exchanges take the least time; the first of several, None if none fits."""
        fitting: list[tuple[float, Strategy]] = [
            (o.cost.seconds, o.strategy) for o in self.options if o.cost and o.cost.fits is not False
        ]
        return min(fitting, key=itemgetter(0))[1] if fitting else None


def plan(graph: Graph, counts: Counts, parallel: Parallel | None, setting: Setting) -> Plan:
    """The plan of a graph; layers that `parallel` places itself are placed so under its own strategy only."""
    alone = device_memory(graph, None, batch=setting.batch, precision=setting.precision, step=setting.step)
    macs = setting.batch * (counts.macs + counts.backward_macs)
    strategies: tuple[Strategy, ...] = get_args(Strategy) if setting.devices > 1 else ()
    options = tuple(_option(graph, counts, parallel, setting, strategy) for strategy in strategies)
    return Plan(setting, alone, counts.parameters, macs, options)


def _option(graph: Graph, counts: Counts, parallel: Parallel | None, setting: Setting, strategy: Strategy) -> Option:
    is_declared = parallel is not None and parallel.strategy == strategy
    placement, findings = place(graph, counts, under(strategy, setting.devices, parallel), setting.batch)
    few = f"a batch of {setting.batch} cannot be divided over {setting.devices} devices"
    obstacles: tuple[str, ...] = (
        *([few] if setting.batch < placement.batch_parts * setting.step.parts else []),
        *(f.message for f in findings),
    )
    cost = None if obstacles else _cost(graph, counts, placement, setting)
    return Option(strategy, is_declared, tuple(findings), obstacles, cost)


def _cost(graph: Graph, counts: Counts, placement: Placement, setting: Setting) -> Cost:
    held = device_memory(graph, placement, batch=setting.batch, precision=setting.precision, step=setting.step)
    crossings = tuple(_crossings(graph, placement, setting))
    forward, backward = _received(placement, setting)
    received = traffic(graph, placement, batch=setting.batch, width=WIDTH[setting.precision], step=setting.step)
    return Cost(
        parts=tuple(_part(node, placement, setting) for node in graph.nodes),
        crossings=crossings,
        memory=held,
        parameters=sum(share.parameters for share in placement.shares.values()),
        macs=sum(_macs(counts.layers[node.name], placement.layouts[node.name], setting) for node in graph.nodes),
        received=sum(exchange.received for exchange in placement.exchanges),
        forward=forward,
        backward=backward,
        outputs=max(device.outputs for device in received),
        collectives=collectives(graph, placement, setting.step),
        seconds=(forward + backward) / setting.link,
        fits=None if setting.device_memory is None else held.peak <= setting.device_memory,
    )


def _macs(layer: LayerCounts, layout: Layout, setting: Setting) -> int:
    """The MACs of one device for a layer in a step."""
    # A part of the maps for all examples takes as many MACs as all maps for an equal part of the examples.
    return setting.batch * (layer.macs + layer.backward_macs) // (1 if layout == "whole" else setting.devices)


def _part(node: Node, placement: Placement, setting: Setting) -> Part:
    layout, share = placement.layouts[node.name], placement.shares[node.name]
    batch = -(-setting.batch // placement.batch_parts)  # of the device with the most
    return Part(
        layer=node.name,
        layout=layout,
        channels=node.output.channels // (placement.devices if layout == "split" else 1),
        of=node.output.channels,
        unit=node.output.unit,
        examples=batch if layout == "batch" else setting.batch,
        parameters=share.parameters,
        output_bytes=share.outputs * batch * WIDTH[setting.precision],
    )


def _crossings(graph: Graph, placement: Placement, setting: Setting) -> Iterator[Crossing]:
    """What each layer fetches and sums, in the order of the layers."""
    exchanges = {exchange.layer: exchange for exchange in placement.exchanges}
    reductions = {reduction.layer: reduction for reduction in placement.reductions}
    statistics = {each.layer: each for each in placement.statistics}
    for node in graph.nodes:
        if node.name in exchanges:
            yield _exchanged(exchanges[node.name], setting)
        if node.name in statistics:
            yield _normalised(statistics[node.name], placement, setting.step.parts)
        if node.name in reductions:
            yield _reduced(reductions[node.name], placement, setting)


def _exchanged(exchange: Exchange, setting: Setting) -> Crossing:
    forward, backward = (
        round(values * setting.batch) * WIDTH[setting.precision] for values in (exchange.received, exchange.returned)
    )
    return Crossing(exchange.layer, exchange.kind, exchange.sources, exchange.received, forward, backward)


def _received(placement: Placement, setting: Setting) -> tuple[int, int]:
    """The bytes that the busiest devices receive in each pass, of which only the sums are rounded up."""
    width, devices, batch = WIDTH[setting.precision], placement.devices, setting.batch
    forward = sum(round(exchange.received * batch) for exchange in placement.exchanges) * width
    backward = Fraction(sum(round(exchange.returned * batch) for exchange in placement.exchanges) * width)
    for each in placement.statistics:
        forward += setting.step.parts * each.forward(devices) * FLOAT32
        backward += setting.step.parts * each.backward(devices) * FLOAT32
    for each in placement.reductions:
        backward += placement.summed(each, batch) * _width(each, setting)
    return forward, ceil(backward)


def _normalised(statistics: Statistics, placement: Placement, parts: int) -> Crossing:
    """The exchange of statistics, once in each part of a batch."""
    forward = parts * statistics.forward(placement.devices)
    backward = ceil(parts * statistics.backward(placement.devices))
    of = ("mean", "variance")
    return Crossing(statistics.layer, "statistics", of, 2 * statistics.maps, forward * FLOAT32, backward * FLOAT32)


def _reduced(reduction: Reduction, placement: Placement, setting: Setting) -> Crossing:
    received = placement.all_reduced(reduction, setting.batch) * _width(reduction, setting)
    return Crossing(reduction.layer, "all-reduce", (reduction.of,), reduction.values, 0, received)


def _width(reduction: Reduction, setting: Setting) -> int:
    # Gradients of parameters are float32 in every precision.
    return FLOAT32 if reduction.of == "parameters" else WIDTH[setting.precision]
