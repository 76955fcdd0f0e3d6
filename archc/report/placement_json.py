"""The placement of a network on devices as JSON."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from archc.diagnostics.json import documented
from archc.language.spec import Strategy
from archc.passes.gradients import Reduction
from archc.passes.placement import Exchange, ExchangeKind, Placement


@documented
class ExchangeJson(TypedDict):
    """Values that devices exchange before a layer computes."""

    layer: str
    """Layer that reads values from another device."""
    kind: ExchangeKind
    """`gather`: each device receives the missing maps of its groups. `halo`: devices exchange the maps beside their
    boundaries. `redistribute`: each device receives the maps of its part."""
    sources: list[str]
    """Layers, or the input, whose values are exchanged."""
    values: float
    """Number of values that all devices receive together, per example."""
    received: float
    """Number of values that the busiest device receives per example."""
    returned: float
    """Number of gradients per example that the busiest device receives in the backward pass."""


@documented
class ReductionJson(TypedDict):
    """Gradients that an all-reduce sums over all devices in the backward pass."""

    layer: str
    """Layer whose gradients are summed."""
    of: Literal["parameters", "output"]
    """Whether the gradients are those of the layer's parameters or of its output, whichever are fewer."""
    values: int
    """Number of gradients: per step for `parameters`, per example for `output`."""


@documented
class PlacementJson(TypedDict):
    """The placement of the network on devices."""

    strategy: Strategy
    """Strategy that splits the network over the devices."""
    devices: int
    """Number of devices."""
    exchanges: list[ExchangeJson]
    """Exchanges of values, in the order of the layers."""
    reductions: list[ReductionJson]
    """Sums of gradients in the backward pass, in the order of the layers."""


def as_json(placement: Placement) -> PlacementJson:
    """The placement as plain data."""
    return {
        "strategy": placement.strategy,
        "devices": placement.devices,
        "exchanges": [exchange_as_json(exchange) for exchange in placement.exchanges],
        "reductions": [reduction_as_json(reduction) for reduction in placement.reductions],
    }


def exchange_as_json(exchange: Exchange) -> ExchangeJson:
    """One exchange as plain data."""
    return {
        "layer": exchange.layer,
        "kind": exchange.kind,
        "sources": list(exchange.sources),
        "values": exchange.values,
        "received": exchange.received,
        "returned": exchange.returned,
    }


def reduction_as_json(reduction: Reduction) -> ReductionJson:
    """One reduction as plain data."""
    return {"layer": reduction.layer, "of": reduction.of, "values": reduction.values}
