"""The memory of one device as JSON."""

from __future__ import annotations

from typing_extensions import TypedDict

from archc.diagnostics.json import documented
from archc.passes.memory import Memory


@documented
class MemoryJson(TypedDict):
    """Memory of a training step or an inference on one device, in bytes. `archc explain memory` states what counts."""

    weights: int
    """Trained values, and the running statistics of normalisations."""
    gradients: int
    """Gradients of the trained values; 0 in an inference."""
    momentum: int
    """State of the optimizer for each trained value; 0 in an inference."""
    activations: int
    """Values that the forward pass keeps for the backward pass; 0 in an inference."""
    working: int
    """Largest total of everything else alive at one moment: values, their gradients and buffers."""
    peak: int
    """Largest total of all of these alive at one moment."""
    peak_layer: str
    """Layer where the peak occurs; empty if the network has no layers."""


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
