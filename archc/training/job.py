"""A training job: what `archc train` asks of a backend, as one JSON file in the run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveInt, ValidationError

from archc.failure import USAGE, Failure
from archc.language.spec import Precision, Recipe


class Job(BaseModel):
    """Everything a run needs; a backend reads nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    protocol: Literal[1] = 1
    name: str
    """The network's."""
    run: Path
    """The run's folder, absolute."""
    source: str
    """The emitted file's name inside the run's folder: `alexnet.py`."""
    model: str
    """The class to build from it, whose constructor takes no argument: `Alexnet`."""
    renamed: dict[str, str] = {}
    """The spec's layers that the source calls otherwise, with those names; saved weights have the spec's."""
    image: tuple[PositiveInt, PositiveInt, PositiveInt]
    """Channels, height, width."""
    outputs: PositiveInt
    """Units of the head."""
    devices: PositiveInt
    recipe: Recipe
    """The spec's, with the command line's overrides."""
    steps: PositiveInt | None = None
    """Stop after so many optimiser steps, however many epochs they are; None: after the recipe's epochs."""
    seed: NonNegativeInt
    precision: Precision
    pictures: Path
    """The folder of pictures, absolute."""
    built_in: bool
    """The pictures are archc's own: generate them into the folder first."""
    notes: tuple[str, ...] = ()
    """Lines to print right after the line on devices."""

    @property
    def weights(self) -> Path:
        return self.run / "weights.safetensors"

    @property
    def statistics(self) -> Path:
        return self.run / "statistics.safetensors"

    @property
    def local_batch(self) -> int:
        """Pictures that one device sees in a step."""
        return self.recipe.batch // self.devices


def read_job(path: Path) -> Job:
    """The job in a JSON file, checked strictly."""
    try:
        job = Job.model_validate_json(path.read_bytes())
    except OSError as error:
        raise Failure(f"cannot read {path}: {error.strerror}", "`archc train` writes it") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise Failure(
            f"{path} is no job of protocol 1: {where}: {first['msg']}", "archc and its backend must be of one version"
        ) from error
    if job.recipe.batch % job.devices:
        below = max(job.recipe.batch // job.devices, 1) * job.devices
        raise Failure(
            f"a batch of {job.recipe.batch} does not split evenly over {job.devices} devices",
            f"`--batch {below}`: every device must see as many pictures as the others",
            USAGE,
        )
    return job
