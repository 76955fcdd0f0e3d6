"""The JSON output of `archc study`, and results.json."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from archc.diagnostics.json import documented
from archc.study.gradients import Norms, recorded
from archc.study.results import Arm, Results, Run, Spread


@documented
class StudyRunJson(TypedDict):
    """A run of the study."""

    seed: int
    """Seed of all its random draws."""
    run: str
    """The run's folder."""
    status: str
    """`complete` or `diverged`."""
    steps: int
    """Optimiser steps that were taken."""
    loss: float | None
    """Mean training loss of the last batches; null if it diverged."""
    error: float | None
    """Mean training error of the last batches, from 0 to 1; null without classes, or if it diverged."""
    held_out_error: float | None
    """Error of the final test, from 0 to 1; null without classes, or if it diverged."""
    held_out_loss: float | None
    """Loss of the final test; null if it diverged."""
    reached: int | None
    """First step at which the training error was the study's `reach`, or less; null if it never was."""


@documented
class SpreadJson(TypedDict):
    """A figure over the seeds."""

    mean: Annotated[float, Field(description="Mean.")]
    deviation: Annotated[float | None, Field(description="Standard deviation, by n - 1; null of one seed.")]


@documented
class LayerNormJson(SpreadJson):
    """Norm of the gradient of a layer."""

    layer: Annotated[str, Field(description="Name of the layer.")]


@documented
class GradientsJson(TypedDict):
    """Norms of the gradients in a step, before they are clipped."""

    step: int
    """Step of the runs, from 1."""
    layers: list[LayerNormJson]
    """Layers with weights, in the order of the network."""
    ratio: SpreadJson | None
    """Norm of the first layer over that of the last one, seed by seed; null if that of the last one is zero."""


@documented
class StudyArmJson(TypedDict):
    """A spec of the study."""

    name: str
    """Its name in the study."""
    runs: list[StudyRunJson]
    """Its runs, one for each seed."""
    loss: SpreadJson | None
    """Training loss."""
    error: SpreadJson | None
    """Training error."""
    held_out_error: SpreadJson | None
    """Held-out error."""
    reached: SpreadJson | None
    """Steps to `reach`; null if a run did not reach it."""
    times: SpreadJson | None
    """Steps to `reach` over those of the first spec with the same seed; null if a run did not reach it."""
    gradients: list[GradientsJson]
    """Norms of the gradients, in the first recorded step and in the last one; empty unless they were recorded."""


@documented
class StudyJson(TypedDict):
    """The output of `archc study --output-format json`."""

    version: Literal[1]
    """Version of this format."""
    study: str
    """Name of the study."""
    reach: float | None
    """Training error whose first time is compared, from 0 to 1; null if none is."""
    runs: list[StudyArmJson]
    """The specs, in the order of the study."""


def as_json(found: Results) -> StudyJson:
    """The results as plain data."""
    reach = found.study.reach
    return {
        "version": 1,
        "study": found.study.name,
        "reach": reach.training_error if reach else None,
        "runs": [_arm(found, arm) for arm in found.arms],
    }


def _arm(found: Results, arm: Arm) -> StudyArmJson:
    return {
        "name": arm.name,
        "runs": [_run(run) for run in arm.runs],
        "loss": _spread(arm.spread(lambda run: run.loss)),
        "error": _spread(arm.spread(lambda run: run.error)),
        "held_out_error": _spread(arm.spread(lambda run: run.held_out_error)),
        "reached": _spread(arm.reached),
        "times": _spread(found.sooner(arm)),
        "gradients": [_gradients(each) for each in recorded(arm)],
    }


def _run(run: Run) -> StudyRunJson:
    return {
        "seed": run.seed,
        "run": str(run.history.run),
        "status": run.status,
        "steps": run.history.steps[-1].step,
        "loss": run.loss,
        "error": run.error,
        "held_out_error": run.held_out_error,
        "held_out_loss": run.held_out_loss,
        "reached": run.reached,
    }


def _gradients(found: Norms) -> GradientsJson:
    spreads = {layer: Spread.of(values) for layer, values in found.layers.items()}
    return {
        "step": found.step,
        "layers": [
            {"layer": layer, "mean": each.mean, "deviation": each.deviation} for layer, each in spreads.items() if each
        ],
        "ratio": _spread(found.ratio),
    }


def _spread(found: Spread | None) -> SpreadJson | None:
    return {"mean": found.mean, "deviation": found.deviation} if found else None
