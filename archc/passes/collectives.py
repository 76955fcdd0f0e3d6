"""What each device receives in a training step, and by how many collective operations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import ceil, prod
from typing import NamedTuple

from archc.graph import Graph
from archc.ops.properties import FLOAT32
from archc.passes.holding import part
from archc.passes.placement import Placement
from archc.passes.training_step import PLAIN, TrainingStep

BUCKET = 25 * 2**20
"""Bytes of gradients that are summed together, at least; the last bucket may be smaller."""


class Collectives(NamedTuple):
    """The collective operations of a step in which all devices take part.

    `outputs` collect the network's outputs, so that all devices compute the whole loss. In `status`, the devices add up
    the loss and tell each other whether all is well, before the weights are updated; and the norm of the gradient, if
    it is limited.
    """

    forward: int
    backward: int
    outputs: int
    status: int

    @property
    def all(self) -> int:
        return sum(self)


class Traffic(NamedTuple):
    """The bytes that one device receives in a step, in each pass, and to collect the outputs."""

    forward: int
    backward: int
    outputs: int


def traffic(graph: Graph, placement: Placement, *, batch: int, width: int, step: TrainingStep = PLAIN) -> list[Traffic]:
    """What each device receives. Values have `width` bytes; statistics and gradients of parameters are float32.

    The devices have parts of the batch that differ by one example at most, and so have the parts of a step.
    """
    devices = placement.devices
    forward, backward, outputs = [0] * devices, [Fraction(0)] * devices, [0] * devices
    for place in range(step.parts):
        size = len(part(batch, place, step.parts))
        examples = [len(part(size, device, devices)) for device in range(devices)]
        for each in placement.fetches:
            for device, (received, returned) in enumerate(
                zip(each.received(examples), each.returned(examples), strict=True)
            ):
                forward[device] += received * width
                backward[device] += returned * width
        collected = _collected(graph, placement, examples)
        outputs = [own + more for own, more in zip(outputs, collected, strict=True)]
    common = Fraction(0)
    for each in placement.statistics:
        forward = [own + step.parts * each.forward(devices) * FLOAT32 for own in forward]
        common += step.parts * each.backward(devices) * FLOAT32
    for each in placement.reductions:
        common += placement.summed(each, batch) * (width if each.of == "output" else FLOAT32)
    return [
        Traffic(own, ceil(back + common), values * width)
        for own, back, values in zip(forward, backward, outputs, strict=True)
    ]


def _collected(graph: Graph, placement: Placement, examples: Sequence[int]) -> list[int]:
    """The values by which each device collects the outputs."""
    found, total = [0] * len(examples), sum(examples)
    for name in outputs_collected(graph, placement):
        size = graph.tensor(name).size
        is_batch = placement.layouts[name] == "batch"
        for device, own in enumerate(examples):
            found[device] += (total - own) * size if is_batch else (size - size // len(examples)) * total
    return found


def collectives(graph: Graph, placement: Placement, step: TrainingStep = PLAIN) -> Collectives:
    """Those of a placement on several devices. Gradients of weights are summed once, after the last part of a batch."""
    if placement.devices == 1:
        return Collectives(0, 0, 0, 0)
    normalised = len(placement.statistics)
    summed = [each for each in placement.reductions if each.of == "output"]
    returned = [each for each in placement.fetches if each.returns]
    return Collectives(
        forward=step.parts * (len(placement.fetches) + normalised),
        backward=step.parts * (len(returned) + normalised + len(summed)) + _buckets(graph, placement),
        outputs=step.parts * len(outputs_collected(graph, placement)),
        status=1 + (step.clips and _have_parts(graph, placement)),
    )


def outputs_collected(graph: Graph, placement: Placement) -> list[str]:
    """The outputs that each device has a part of, if all devices compute the whole loss."""
    if not _is_whole(graph, placement):
        return []
    return [name for name in _outputs(graph) if placement.layouts[name] != "whole"]


def _outputs(graph: Graph) -> tuple[str, ...]:
    """The values that the loss is computed of: logits, where the loss computes the last softmax."""
    return graph.fused.inputs if graph.fused is not None else graph.outputs


def _is_whole(graph: Graph, placement: Placement) -> bool:
    """Whether all devices compute the loss of all examples."""
    return any(placement.layouts[name] != "batch" for name in _outputs(graph))


def _have_parts(graph: Graph, placement: Placement) -> bool:
    """Whether devices have parts of the gradient, so that its norm takes an exchange."""
    reduced = {each.layer for each in placement.reductions if each.of == "parameters"}
    learned = (node for node in graph.nodes if any(p.trained for p in node.op.parameters(graph.tensors(node.inputs))))
    return any(node.name not in reduced for node in learned)


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
