"""Where a network is computed, for programs."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from archc.diagnostics.json import documented
from archc.language.spec import Strategy
from archc.passes.placement import Exchange, ExchangeKind, Placement, Reduction


@documented
class ExchangeJson(TypedDict):
    """Values that devices exchange before a layer computes; numbers an example of the batch."""

    layer: str
    """The layer that reads values of another device."""
    kind: ExchangeKind
    """`gather`: the maps of a group are put together; `halo`: neighbouring maps cross at each boundary;
    `redistribute`: each device is given the maps of its part."""
    sources: list[str]
    """The layers whose output crosses, or the input."""
    values: float
    """How many cross, over all devices."""
    received: float
    """How many the device receives that receives most."""
    returned: float
    """How many gradients it receives in the backward pass, a reduce-scatter."""


@documented
class ReductionJson(TypedDict):
    """Gradients that are summed over all devices in the backward pass, an all-reduce."""

    layer: str
    """The layer whose gradients they are."""
    of: Literal["parameters", "output"]
    """Of its parameters, or of its output where those are fewer."""
    values: int
    """How many: a step for parameters, an example for an output."""


@documented
class PlacementJson(TypedDict):
    """Where the network is computed."""

    strategy: Strategy
    """How it is split over the devices."""
    devices: int
    """How many there are."""
    exchanges: list[ExchangeJson]
    """What they exchange, in the order of the layers."""
    reductions: list[ReductionJson]
    """What they sum in the backward pass, in the order of the layers."""


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
