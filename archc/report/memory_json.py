"""What one device takes, for programs."""

from __future__ import annotations

from typing_extensions import TypedDict

from archc.diagnostics.json import documented
from archc.passes.memory import Memory


@documented
class MemoryJson(TypedDict):
    """What one device takes for a step of training or an inference, in bytes; `archc explain memory` states what is
    counted."""

    weights: int
    """Trained numbers, and statistics that follow the batches."""
    gradients: int
    """Of the trained numbers; none in an inference."""
    momentum: int
    """What the optimizer remembers of each trained number; none in an inference."""
    activations: int
    """What the forward pass keeps for the backward pass; none in an inference."""
    working: int
    """The most that is alive at once beside those: values, their gradients, buffers."""
    peak: int
    """The most that is alive at once of all."""
    peak_layer: str
    """The layer at which that is; empty for a network without layers."""


def as_json(memory: Memory) -> MemoryJson:
    """The memory as plain data."""
    return {
        "weights": memory.weights,
        "gradients": memory.gradients,
        "momentum": memory.momentum,
        "activations": memory.activations,
        "working": memory.working,
        "peak": memory.peak,
        "peak_layer": memory.peak_layer,
    }
