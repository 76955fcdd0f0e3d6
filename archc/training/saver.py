"""What a run saves while it trains, and when: its checkpoints, by the process that writes its record."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, JsonValue

from archc.failure import Failure
from archc.training import checkpoint
from archc.training.checkpoint import OPTIMIZER, STATE, WEIGHTS
from archc.training.job import Job
from archc.training.journal import Journal
from archc.training.position import Position

SPACING = 60.0
"""Seconds after the last checkpoint at which the end of an epoch saves another one."""


@dataclass(frozen=True)
class State:
    """What the trainer's next step depends on."""

    weights: bytes
    """The weights as safetensors, as they are saved at the end of a run."""
    optimizer: bytes
    """What the optimizer keeps, as safetensors."""
    random: Mapping[str, JsonValue]
    """The states of the generators of random numbers, and other numbers."""


class Kept(BaseModel):
    """state.json of a checkpoint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    position: Position
    random: dict[str, JsonValue]
    recorded: int
    """The bytes of metrics.jsonl at that time."""
    seconds: float
    """The time of the run until then."""
    devices: int


@dataclass(frozen=True)
class Found:
    """A checkpoint as a run goes on from it."""

    position: Position
    state: State


class Saver:
    """Saves and finds the checkpoints of a run. With a journal that does not record, it does nothing."""

    def __init__(self, job: Job, journal: Journal) -> None:
        self._job = job
        self._journal = journal
        self._latest = time.monotonic()

    def is_due(self) -> bool:
        """Whether the end of an epoch should save a checkpoint."""
        return self._journal.is_recording and time.monotonic() - self._latest >= SPACING

    def load(self, step: int) -> Found | None:
        """The checkpoint after a step; a Failure if it is damaged. None if the journal does not record."""
        if not self._journal.is_recording:
            return None
        files = checkpoint.load(self._job.run, step).files
        kept = kept_in(files[STATE])
        return Found(kept.position, State(files[WEIGHTS], files[OPTIMIZER], kept.random))

    def goes_on(self, step: int) -> None:
        """Remove what the run had beyond a step, once its state is restored."""
        if self._journal.is_recording:
            checkpoint.remove_after(self._job.run, step)
            self._job.weights.unlink(missing_ok=True)  # those of an earlier end

    def save(self, at: Position, state: State | None) -> None:
        """Save a checkpoint. On a full disk the one before stays, and the run goes on."""
        if not self._journal.is_recording or state is None:
            return
        run = self._job.run
        kept = Kept(
            position=at,
            random=dict(state.random),
            recorded=self._journal.recorded,
            seconds=self._journal.seconds,
            devices=self._job.devices,
        )
        files = {WEIGHTS: state.weights, OPTIMIZER: state.optimizer, STATE: kept.model_dump_json().encode()}
        try:
            checkpoint.save(run, at.step, files)
            checkpoint.rotate(run, keep=self._job.keep, best=at.best.step if at.best else None)
        except OSError as error:
            there = checkpoint.steps(run)
            rest = f"that of step {there[-1]} stays" if there else "there is none yet"
            self._journal.warn(f"cannot save the checkpoint of step {at.step}: {error.strerror}; {rest}")
        self._latest = time.monotonic()

    def end(self) -> None:
        """Keep only the last checkpoint of a run that is complete, from which it can go on for more steps."""
        if self._journal.is_recording:
            checkpoint.rotate(self._job.run, keep=1, best=None)


def kept_in(data: bytes) -> Kept:
    """The state.json of a checkpoint whose checksums hold; a Failure if another version of archc wrote it."""
    try:
        return Kept.model_validate_json(data)
    except ValueError as error:
        message = f"{STATE} of the checkpoint is not one that this version of archc reads"
        raise Failure(message, "go on with the version in the run's receipt.json") from error
