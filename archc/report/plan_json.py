"""What `archc plan` prints for programs."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from archc.diagnostics.json import FindingJson, documented
from archc.diagnostics.json import as_json as finding_as_json
from archc.language.spec import Precision, Strategy
from archc.passes.holding import Layout
from archc.passes.placement import ExchangeKind
from archc.passes.plan import Cost, Crossing, Option, Part, Plan
from archc.report.memory_json import MemoryJson
from archc.report.memory_json import as_json as memory_as_json


@documented
class PartJson(TypedDict):
    """What one device holds of a layer."""

    layer: str
    """Its name in the spec."""
    layout: Layout
    """`split`: a part of the maps or units of all examples; `batch`: all maps of a part of the examples;
    `whole`: all of both, as every other device."""
    channels: int
    """How many of the maps or units."""
    of: int
    """How many the layer has."""
    unit: Literal["maps", "units"]
    """What is counted."""
    examples: int
    """How many of the batch's examples it computes."""
    parameters: int
    """Trained numbers that it holds."""
    output_bytes: int
    """Its part of the layer's output in a step."""


@documented
class CrossingJson(TypedDict):
    """What devices exchange for a layer in a step."""

    layer: str
    """The layer that reads values of other devices, or whose gradients are summed."""
    kind: ExchangeKind | Literal["all-reduce"]
    """`gather`: the maps of a group are put together; `halo`: neighbouring maps cross; `redistribute`: each device is
    given the maps of its part; `all-reduce`: gradients are summed over all devices."""
    of: list[str]
    """What crosses: outputs of these layers, or `parameters` or `output`, whose gradients are summed."""
    values: float
    """Received by one device for an example; of an all-reduce, the gradients that are summed."""
    forward_bytes: int
    """That the device that receives most receives in the forward pass of a step."""
    backward_bytes: int
    """The same in the backward pass."""
    seconds: float
    """Both over the link."""


@documented
class CostJson(TypedDict):
    """What a strategy costs."""

    parameters: int
    """Trained numbers on one device."""
    memory: MemoryJson
    """On one device."""
    fits: bool | None
    """Whether that is no more than `device_memory`; null where the spec does not say it."""
    macs: int
    """Multiply-accumulates of one device in a step, forward and backward."""
    received: float
    """Values that one device receives for an example in the forward pass."""
    forward_bytes: int
    """That one device receives in the forward pass of a step."""
    backward_bytes: int
    """The same in the backward pass."""
    seconds: float
    """Both over the link, with nothing computed meanwhile."""
    layers: list[PartJson]
    """What one device holds of each layer, that with the most."""
    crossings: list[CrossingJson]
    """What crosses, in the order of the layers."""


@documented
class OptionJson(TypedDict):
    """A strategy."""

    strategy: Strategy
    """How the network is split over the devices."""
    declared: bool
    """Whether the spec says this one."""
    cheapest: bool
    """Whether its exchanges take least, of the strategies that fit."""
    obstacles: list[str]
    """Why it is impossible; none where it is not."""
    findings: list[FindingJson]
    """The layers that do not split over the devices."""
    cost: CostJson | None
    """What it costs; null where it is impossible."""


@documented
class PlanJson(TypedDict):
    """What `archc plan --output-format json` prints."""

    version: Literal[1]
    """Of this format."""
    spec: str
    """The file as it was named."""
    name: str
    """The network's name."""
    devices: int
    """Over how many it is planned."""
    batch: int
    """Examples a step, over all devices together."""
    precision: Precision
    """Of what is computed; weights and their gradients are float32 in any."""
    link_bytes_per_second: float
    """What a device receives at most, while it sends as much."""
    device_memory: int | None
    """Bytes that one device holds; null where the spec does not say it."""
    alone: MemoryJson
    """What one device takes that computes everything."""
    alone_macs: int
    """The multiply-accumulates of a step, forward and backward."""
    alone_fits: bool | None
    """Whether that is no more than `device_memory`; null where the spec does not say it."""
    options: list[OptionJson]
    """The strategies; none for one device."""


def as_json(spec: str, name: str, plan: Plan) -> PlanJson:
    """The plan as plain data."""
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
        "unit": "maps" if part.is_maps else "units",
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
