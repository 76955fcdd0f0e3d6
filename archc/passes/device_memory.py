"""The memory that one device takes under the placement of a spec, and the largest batch that fits it."""

from __future__ import annotations

from archc.graph import Graph
from archc.language.spec import Precision
from archc.passes.memory import Memory, memory
from archc.passes.placement import Placement


def device_memory(
    graph: Graph, placement: Placement | None, *, batch: int, precision: Precision = "float32", training: bool = True
) -> Memory:
    """Of the device that takes most, for a batch over all of them together; without a placement, of the only one."""
    if placement is None:
        return memory(graph, batch=batch, precision=precision, training=training)
    part = -(-batch // placement.batch_parts)
    return memory(graph, batch=part, precision=precision, training=training, shares=placement.shares)


def largest_batch(graph: Graph, placement: Placement | None, *, batch: int, limit: int) -> int:
    """The largest batch up to `batch` whose training step takes `limit` bytes at most on each device; 0 for none.

    The peak is the largest of sums that each grow linearly with the batch, so that a step of Newton's method from above
    never passes over a batch that fits.
    """
    parts = placement.batch_parts if placement else 1
    count = -(-batch // parts)

    def peak(count: int) -> int:
        return device_memory(graph, placement, batch=count * parts).peak

    while count > 0 and (excess := peak(count) - limit) > 0:
        slope = peak(count) - peak(count - 1)
        count -= max(-(-excess // slope), 1)
    return min(max(count, 0) * parts, batch)
