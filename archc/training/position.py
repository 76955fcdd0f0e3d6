"""Where a run is: what its next step depends on, apart from the trainer's state and the recipe."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, NonNegativeInt

from archc.training.schedule import Numbers


class Best(BaseModel):
    """The step with the lowest held-out error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: NonNegativeInt
    error: float


class Position(BaseModel):
    """The position of a run after a step, or at its start."""

    # A checkpoint has it as JSON; numbers that are not finite are null there.
    model_config = ConfigDict(frozen=True, extra="forbid")

    step: NonNegativeInt = 0
    """Steps taken."""
    epochs: NonNegativeInt = 0
    """Epochs that have begun."""
    tested: NonNegativeInt = 0
    """Epochs after which the network was tested."""
    schedule: Numbers | None = None
    """The state of the schedule, None at the start."""
    first_loss: float | None = None
    last_loss: float | None = None
    best: Best | None = None


START = Position()
