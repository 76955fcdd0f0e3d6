"""How many messages the devices exchange in a training step, and how many bytes collect the network's outputs."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import NamedTuple

from archc.graph import Graph
from archc.ops.properties import FLOAT32
from archc.passes.placement import Placement

BUCKET = 25 * 2**20
"""Bytes of gradients that are summed together, at least; the last bucket may be smaller."""


class Collectives(NamedTuple):
    """The collective operations of a step in which all devices take part.

    `outputs` collect the network's outputs, so that all devices compute the whole loss; with `loss`, devices compute
    the loss of their own examples instead, and add up the one number that is reported.
    """

    forward: int
    backward: int
    outputs: int
    loss: int

    @property
    def all(self) -> int:
        return sum(self)


def collectives(graph: Graph, placement: Placement) -> Collectives:
    """Those of a placement on several devices."""
    if placement.devices == 1:
        return Collectives(0, 0, 0, 0)
    normalised = len(placement.statistics)
    summed = [each for each in placement.reductions if each.of == "output"]
    collected = outputs_collected(graph, placement)
    return Collectives(
        forward=len(placement.fetches) + normalised,
        backward=sum(each.returns for each in placement.fetches) + normalised + len(summed) + _buckets(graph, placement),
        outputs=len(collected),
        loss=0 if _is_whole(graph, placement) else 1,
    )


def outputs_collected(graph: Graph, placement: Placement) -> list[str]:
    """The outputs that each device has a part of, if all devices compute the whole loss."""
    if not _is_whole(graph, placement):
        return []
    return [name for name in _outputs(graph) if placement.layouts[name] != "whole"]


def collected_values(graph: Graph, placement: Placement) -> int:
    """The values per example that collect the outputs, times the number of devices, on each device."""
    sizes = (graph.tensor(name).size for name in outputs_collected(graph, placement))
    return sum(sizes) * (placement.devices - 1)


def _outputs(graph: Graph) -> tuple[str, ...]:
    """The values that the loss is computed of: logits, where the loss computes the last softmax."""
    return graph.fused.inputs if graph.fused is not None else graph.outputs


def _is_whole(graph: Graph, placement: Placement) -> bool:
    """Whether all devices compute the loss of all examples."""
    return any(placement.layouts[name] != "batch" for name in _outputs(graph))


def _buckets(graph: Graph, placement: Placement) -> int:
    """The buckets of weights whose gradients are summed, from the last layer to the first."""
    reduced = {each.layer for each in placement.reductions if each.of == "parameters"}
    layers = (node for node in reversed(graph.nodes) if node.name in reduced)
    sizes = (
        FLOAT32 * prod(parameter.shape)
        for node in layers
        for parameter in node.op.parameters(graph.tensors(node.inputs))
        if parameter.trained
    )
    return _filled(sizes)


def _filled(sizes: Iterable[int]) -> int:
    buckets = room = 0
    for size in sizes:
        if room <= 0:
            buckets, room = buckets + 1, BUCKET
        room -= size
    return buckets
