"""A network's facts for programs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from archc.analysis import Facts
from archc.graph import Node
from archc.output import documented
from archc.report.placement_json import PlacementJson
from archc.report.placement_json import as_json as placement_as_json

Shape = list[int]
"""[channels, height, width], or [units]: without the batch axis."""

_Reads = TypedDict("_Reads", {"from": Annotated[list[str], Field(description="What it reads: layers or the input.")]})


@documented
class LayerJson(_Reads):
    """A layer and what it costs."""

    name: str
    """Its name in the spec."""
    op: str
    """What it computes, which `archc explain OP` explains."""
    window: str
    """What the table says beside the op: its window or rate; may be empty."""
    size: str | None
    """How the size of its maps comes about, as `(227 - 11) / 4 + 1 = 55`; null where no window slides."""
    output: Shape
    """Its output's shape, [channels, height, width] or [units], without the batch axis."""
    parameters: int
    """Trained numbers."""
    macs: int
    """Multiply-accumulates for one example."""


@documented
class HeldJson(TypedDict):
    """Which of the spec's expectations there are; all hold."""

    layers: list[str]
    """The layers whose shape is as expected."""
    totals: list[str]
    """The totals that are as expected."""


@documented
class NetworkJson(TypedDict):
    """All that is known of a network."""

    name: str
    """Its name."""
    title: str
    """What it is, in a line; the name where the spec has no title."""
    inputs: dict[str, Shape]
    """The shape of each input by its name."""
    outputs: list[str]
    """The layers whose values it returns."""
    layers: list[LayerJson]
    """In the order in which they are computed."""
    chain: list[list[int]]
    """The [height, width] of its maps from the first layer to the last, each where it changes."""
    parameters: int
    """Trained numbers, in total."""
    macs: int
    """Multiply-accumulates for one example, in total."""
    held: HeldJson
    """The spec's expectations."""
    placement: PlacementJson | None
    """Where it is computed; null where the spec does not say `parallel`."""


def as_json(facts: Facts) -> NetworkJson:
    """The facts as plain data."""
    graph = facts.graph
    return {
        "name": graph.name,
        "title": graph.title,
        "inputs": {name: list(tensor.shape) for name, tensor in graph.inputs.items()},
        "outputs": list(graph.outputs),
        "layers": [_layer(facts, node) for node in graph.nodes],
        "chain": [list(size) for size in facts.shapes.chain],
        "parameters": facts.counts.parameters,
        "macs": facts.counts.macs,
        "held": {"layers": list(facts.held.layers), "totals": list(facts.held.totals)},
        "placement": None if facts.placement is None else placement_as_json(facts.placement),
    }


def _layer(facts: Facts, node: Node) -> LayerJson:
    window, counts = facts.shapes.windows.get(node.name), facts.counts.layers[node.name]
    return {
        "name": node.name,
        "op": node.op.op,
        "from": list(node.inputs),
        "window": node.op.summary(),
        "size": window.arithmetic if window else None,
        "output": list(node.output.shape),
        "parameters": counts.parameters,
        "macs": counts.macs,
    }
