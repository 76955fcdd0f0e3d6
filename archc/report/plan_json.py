"""The JSON output of `archc plan`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from typing_extensions import TypedDict

from archc.diagnostics.finding import Finding
from archc.diagnostics.json import FindingJson, documented
from archc.diagnostics.json import as_json as finding_as_json
from archc.language.recipe import Precision
from archc.language.spec import Strategy
from archc.passes.holding import Layout
from archc.passes.placement import ExchangeKind
from archc.passes.plan import Cost, Crossing, Option, Part, Plan
from archc.report.memory_json import MemoryJson
from archc.report.memory_json import as_json as memory_as_json
from archc.tensor import Unit


@documented
class PartJson(TypedDict):
    """The part of a layer on one device."""

    layer: str
    """Name of the layer in the spec."""
    layout: Layout
    """`split`: some of the maps or units, for all examples. `batch`: all maps or units, for some of the examples.
    `whole`: all maps or units for all examples, on every device."""
    channels: int
    """Number of maps or units on this device."""
    of: int
    """Number of maps or units in the whole layer."""
    unit: Unit
    """What `channels` and `of` count: maps, channels of a sequence, or units of a vector."""
    examples: int
    """Examples of the batch that this device computes."""
    parameters: int
    """Number of trained values of the layer on this device."""
    output_bytes: int
    """Bytes of the layer's output on this device in a step."""


@documented
class CrossingJson(TypedDict):
    """The values or gradients that devices exchange for a layer in a step."""

    layer: str
    """Layer that reads values from other devices, or whose gradients are summed."""
    kind: ExchangeKind | Literal["statistics", "all-reduce"]
    """`gather`: each device receives the missing maps of its groups. `halo`: devices exchange the maps beside their
    boundaries. `redistribute`: each device receives the maps of its part. `statistics`: each device receives the means
    and variances of the others. `all-reduce`: gradients are summed over all devices."""
    of: list[str]
    """Layers whose outputs are exchanged. For an `all-reduce`, `parameters` or `output`: its gradients are summed. For
    `statistics`, `mean` and `variance`."""
    values: float
    """Values that the busiest device receives per example in the forward pass. For an `all-reduce`, the number of
    gradients that are summed; for `statistics`, the number of means and variances."""
    forward_bytes: int
    """Bytes that the busiest device receives in the forward pass of a step."""
    backward_bytes: int
    """Bytes that the busiest device receives in the backward pass of a step."""
    seconds: float
    """Time to receive these bytes over the link."""


@documented
class CostJson(TypedDict):
    """The cost of a strategy."""

    parameters: int
    """Number of trained values on one device."""
    memory: MemoryJson
    """Memory of a training step on one device."""
    fits: bool | None
    """Whether the peak memory is at most `device_memory`; null if the spec does not set it."""
    macs: int
    """Multiply-accumulates of one device per step, forward and backward."""
    received: float
    """Values received per example in the forward pass, by the busiest device of each exchange."""
    forward_bytes: int
    """Bytes received in the forward pass of a step, by the busiest device of each exchange."""
    backward_bytes: int
    """Bytes received in the backward pass of a step, by the busiest device of each exchange."""
    outputs_bytes: int
    """Bytes received in a step to collect the network's outputs, so that each device computes the whole loss; not in
    `forward_bytes`."""
    collectives: int
    """Number of collective operations in a training step: exchanges, sums, the one that collects each output, and one
    that adds up the loss."""
    seconds: float
    """Time to receive the bytes of both passes over the link, not overlapped with computation."""
    layers: list[PartJson]
    """Part of each layer on the device that has the most of it."""
    crossings: list[CrossingJson]
    """Exchanges between the devices, in the order of the layers."""


@documented
class OptionJson(TypedDict):
    """A strategy and its cost."""

    strategy: Strategy
    """Strategy that splits the network over the devices."""
    declared: bool
    """Whether the spec declares this strategy."""
    cheapest: bool
    """Whether this strategy has the shortest exchange time of those that fit."""
    obstacles: list[str]
    """Reasons that the strategy is impossible; empty if it is possible."""
    findings: list[FindingJson]
    """Findings for layers that do not split evenly over the devices."""
    cost: CostJson | None
    """Cost of the strategy; null if it is impossible."""


@documented
class PlanJson(TypedDict):
    """The output of `archc plan --output-format json`."""

    version: Literal[1]
    """Version of this format."""
    spec: str
    """Path of the spec as given on the command line, as PATH:NAME for a variant; `<stdin>` for standard input."""
    name: str
    """Name of the network."""
    devices: int
    """Number of devices in the plan."""
    batch: int
    """Examples per step, over all devices."""
    precision: Precision
    """Precision of the arithmetic. Weights and their gradients are always float32."""
    link_bytes_per_second: float
    """Link bandwidth per device in bytes per second, each way."""
    device_memory: int | None
    """Memory of one device in bytes; null if the spec does not set it."""
    alone: MemoryJson
    """Memory of a training step if one device computes the whole network."""
    alone_macs: int
    """Multiply-accumulates of the whole network per step, forward and backward."""
    alone_fits: bool | None
    """Whether the whole network fits in `device_memory`; null if the spec does not set it."""
    options: list[OptionJson]
    """Strategies for several devices; empty for one device."""
    findings: list[FindingJson]
    """Advice on the spec, in the order of the text."""


def as_json(spec: str, name: str, plan: Plan, advice: Iterable[Finding] = ()) -> PlanJson:
    """The plan as plain data, with the advice on its spec."""
    setting = plan.setting
    return {
        "version": 1,
        "spec": spec,
        "name": name,
        "devices": setting.devices,
        "batch": setting.batch,
        "precision": setting.precision,
        "link_bytes_per_second": setting.link,
        "device_memory": setting.device_memory,
        "alone": memory_as_json(plan.alone),
        "alone_macs": plan.macs,
        "alone_fits": plan.alone_fits,
        "options": [_option(option, plan) for option in plan.options],
        "findings": [finding_as_json(finding) for finding in advice],
    }


def _option(option: Option, plan: Plan) -> OptionJson:
    return {
        "strategy": option.strategy,
        "declared": option.is_declared,
        "cheapest": option.strategy == plan.cheapest,
        "obstacles": list(option.obstacles),
        "findings": [finding_as_json(finding) for finding in option.findings],
        "cost": None if option.cost is None else _cost(option.cost, plan.setting.link),
    }


def _cost(cost: Cost, link: float) -> CostJson:
    return {
        "parameters": cost.parameters,
        "memory": memory_as_json(cost.memory),
        "fits": cost.fits,
        "macs": cost.macs,
        "received": cost.received,
        "forward_bytes": cost.forward,
        "backward_bytes": cost.backward,
        "outputs_bytes": cost.outputs,
        "collectives": cost.collectives.all,
        "seconds": cost.seconds,
        "layers": [_part(part) for part in cost.parts],
        "crossings": [_crossing(crossing, link) for crossing in cost.crossings],
    }


def _part(part: Part) -> PartJson:
    return {
        "layer": part.layer,
        "layout": part.layout,
        "channels": part.channels,
        "of": part.of,
        "unit": part.unit,
        "examples": part.examples,
        "parameters": part.parameters,
        "output_bytes": part.output_bytes,
    }


def _crossing(crossing: Crossing, link: float) -> CrossingJson:
    return {
        "layer": crossing.layer,
        "kind": crossing.kind,
        "of": list(crossing.of),
        "values": crossing.values,
        "forward_bytes": crossing.forward,
        "backward_bytes": crossing.backward,
        "seconds": (crossing.forward + crossing.backward) / link,
    }
