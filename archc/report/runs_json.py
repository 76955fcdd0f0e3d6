"""The JSON output of `archc runs`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from typing_extensions import TypedDict

from archc.diagnostics.json import documented
from archc.history.events import HeldOut
from archc.history.outcomes import Outcome


@documented
class HeldOutJson(TypedDict):
    """A test on the held-out examples."""

    final: bool
    """Whether it is the final test; if not, it is the last one after an epoch, on the centre view."""
    count: int
    """Held-out examples that were tested, or their positions or values."""
    top1: int | None
    """Number of them that were right; null for a loss without classes."""
    loss: float | None
    """Mean loss over the held-out examples."""


@documented
class RunJson(TypedDict):
    """A training run."""

    run: str
    """The run's folder."""
    status: str
    """`running`, `complete`, `diverged`, `interrupted`, `failed` or `damaged`."""
    problem: str | None
    """What is damaged; null if nothing is."""
    network: str | None
    """Name of the network; null if training has not begun."""
    spec: str | None
    """Path of the spec, as it was given; null if there is no receipt."""
    backend: str | None
    """Backend that trains; null if there is no receipt."""
    devices: int | None
    """Number of devices; null if there is no receipt."""
    step: int
    """Optimiser steps that were taken."""
    steps: int | None
    """Optimiser steps that were asked for; null if training has not begun."""
    held_out: HeldOutJson | None
    """The final test, or the last one after an epoch; null if there was none yet."""
    started: str | None
    """Time of the start in ISO 8601; null if there is no receipt."""
    seconds: float | None
    """Seconds from the start to the end, to now if the run goes on, or to its last sign of life."""
    fast_dev_run: bool
    """Whether the run was a trial of two steps on a few examples."""
    overfit_batches: int | None
    """Number of batches that were trained on again and again; null for a run on all of them."""


@documented
class RunsJson(TypedDict):
    """The output of `archc runs --output-format json`."""

    version: Literal[1]
    """Version of this format."""
    runs: list[RunJson]
    """All runs in the folder, in the order in which they started."""


def as_json(found: Iterable[Outcome]) -> RunsJson:
    """The runs as plain data."""
    return {"version": 1, "runs": [_run(each) for each in found]}


def _run(found: Outcome) -> RunJson:
    return {
        "run": str(found.run),
        "status": found.status,
        "problem": found.problem or None,
        "network": found.network,
        "spec": found.spec,
        "backend": found.backend,
        "devices": found.devices,
        "step": found.step,
        "steps": found.steps,
        "held_out": _held_out(found.held_out),
        "started": found.started.isoformat(timespec="seconds") if found.started else None,
        "seconds": found.seconds,
        "fast_dev_run": found.fast_dev_run,
        "overfit_batches": found.overfit_batches,
    }


def _held_out(found: HeldOut | None) -> HeldOutJson | None:
    if found is None:
        return None
    return {"final": found.event == "end", "count": found.count, "top1": found.top1, "loss": found.loss}
