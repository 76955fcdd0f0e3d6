"""The memory that one device needs under a placement, and the largest batch that fits."""

from __future__ import annotations

from archc.graph import Graph
from archc.language.recipe import Precision
from archc.passes.memory import Memory, memory
from archc.passes.placement import Placement
from archc.passes.training_step import PLAIN, TrainingStep


def device_memory(
    graph: Graph,
    placement: Placement | None,
    *,
    batch: int,
    precision: Precision = "float32",
    training: bool = True,
    step: TrainingStep = PLAIN,
) -> Memory:
    """The memory of the device that needs most, or of the only device if there is no placement.

    `batch` counts the examples of all devices together, and of all parts of a training step.
    """
    # Rounded up: some device computes the odd example of a batch that does not divide evenly.
    part = -(-batch // (step.parts if training else 1))
    if placement is None:
        return memory(graph, batch=part, precision=precision, training=training, step=step)
    part = -(-part // placement.batch_parts)
    return memory(graph, batch=part, precision=precision, training=training, shares=placement.shares, step=step)


def largest_batch(
    graph: Graph, placement: Placement | None, *, batch: int, limit: int, step: TrainingStep = PLAIN
) -> int:
    """The largest batch, up to `batch`, whose training step needs at most `limit` bytes on each device; 0 for none."""
    # The peak is a maximum of functions that grow linearly with the batch, so it is convex: Newton's method, started
    # above the solution, never steps past a batch that fits.
    parts = step.parts * (placement.batch_parts if placement else 1)
    count = -(-batch // parts)

    def peak(count: int) -> int:
        return device_memory(graph, placement, batch=count * parts, step=step).peak

    while count > 0 and (excess := peak(count) - limit) > 0:
        slope = peak(count) - peak(count - 1)
        count -= max(-(-excess // slope), 1)
    return min(max(count, 0) * parts, batch)
