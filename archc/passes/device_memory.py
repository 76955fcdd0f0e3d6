"""The memory that one device needs under a placement, and the largest batch that fits."""

from __future__ import annotations

from archc.graph import Graph
from archc.language.recipe import Precision
from archc.passes.memory import Memory, memory
from archc.passes.placement import Placement


def device_memory(
    graph: Graph, placement: Placement | None, *, batch: int, precision: Precision = "float32", training: bool = True
) -> Memory:
    """The memory of the device that needs most, or of the only device if there is no placement.

    `batch` counts the examples of all devices together.
    """
    if placement is None:
        return memory(graph, batch=batch, precision=precision, training=training)
    # Rounded up: some device computes the odd example of a batch that does not divide evenly.
    part = -(-batch // placement.batch_parts)
    return memory(graph, batch=part, precision=precision, training=training, shares=placement.shares)


def largest_batch(graph: Graph, placement: Placement | None, *, batch: int, limit: int) -> int:
    """The largest batch, up to `batch`, whose training step needs at most `limit` bytes on each device; 0 for none."""
    # The peak is a maximum of functions that grow linearly with the batch, so it is convex: Newton's method, started
    # above the solution, never steps past a batch that fits.
    parts = placement.batch_parts if placement else 1
    count = -(-batch // parts)

    def peak(count: int) -> int:
        return device_memory(graph, placement, batch=count * parts).peak

    while count > 0 and (excess := peak(count) - limit) > 0:
        slope = peak(count) - peak(count - 1)
        count -= max(-(-excess // slope), 1)
    return min(max(count, 0) * parts, batch)
