"""The memory of one device as JSON."""

from __future__ import annotations

from typing_extensions import TypedDict

from archc.diagnostics.json import documented
from archc.passes.memory import Memory


@documented
class MemoryJson(TypedDict):
    """Memory of a training step or an inference on one device, in bytes. `archc explain memory` states what counts."""

    weights: int
    """Bytes of the trained values, and of the running statistics of normalisations."""
    gradients: int
    """Bytes of the gradients of trained values; 0 in an inference."""
    momentum: int
    """Bytes of the optimizer's state for the trained values; 0 in an inference."""
    activations: int
    """Bytes of the values that the forward pass keeps for the backward pass; 0 in an inference."""
    working: int
    """Most other bytes in use at one moment: values, their gradients and buffers."""
    peak: int
    """Most bytes in use at one moment, in total."""
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
