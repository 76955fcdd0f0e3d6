"""Why a training step needs more memory than the spec expects: its peak, what is in memory there, a batch that fits."""

from __future__ import annotations

from archc.diagnostics.finding import Finding, report
from archc.graph import Graph
from archc.passes.device_memory import largest_batch
from archc.passes.memory import Memory
from archc.passes.placement import Placement
from archc.passes.training_step import TrainingStep
from archc.source import Span
from archc.wording import in_units

# Layers that a note names.
_MOST_NAMED = 3


def unexpected_memory(
    span: Span,
    graph: Graph,
    placement: Placement | None,
    found: Memory,
    *,
    batch: int,
    expected: int,
    step: TrainingStep,
) -> Finding:
    """The finding on a training step whose peak exceeds the expected limit."""
    devices = placement.devices if placement else 1
    each = f" on each of {devices} devices" if devices > 1 else ""
    return report(
        span,
        "ARC304",
        f"a training step of {batch:,} examples needs {in_units(found.peak)}{each}; the limit is {in_units(expected)}",
        notes=[
            f"{found.peak:,} - {expected:,} = {found.peak - expected:+,} bytes",
            _peak(found),
            _most_kept(found),
        ],
        help=_help(graph, placement, found, batch=batch, expected=expected, step=step),
        related=[(graph.node(found.peak_layer).span, "peak")] if found.peak_layer else [],
    )


def _peak(found: Memory) -> str:
    at = found.layers[found.peak_layer]
    parts = {
        "weights": found.weights,
        "momentum": found.momentum,
        "gradients": at.gradients,
        "kept": at.alive,
        "working": at.peak - found.weights - found.momentum - at.gradients - at.alive,
    }
    return f"at {found.peak_layer}: " + " + ".join(f"{name} {in_units(size)}" for name, size in parts.items() if size)


def _most_kept(found: Memory) -> str:
    most = sorted(found.layers, key=lambda name: -found.layers[name].kept)[:_MOST_NAMED]
    shares = ", ".join(f"{name} {in_units(kept)}" for name in most if (kept := found.layers[name].kept))
    return f"kept for the backward pass, the largest shares: {shares}" if shares else ""


def _help(
    graph: Graph, placement: Placement | None, found: Memory, *, batch: int, expected: int, step: TrainingStep
) -> str:
    fits = largest_batch(graph, placement, batch=batch, limit=expected, step=step)
    if fits:
        return f"use a batch of at most {fits:,}"
    constant = found.weights + found.gradients + found.momentum
    if constant > expected:
        return f"no batch fits: weights, gradients and momentum alone need {in_units(constant)}"
    return "no batch fits, not even one example per device"
