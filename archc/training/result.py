"""The result of a run, as the training process writes it to result.json for the receipt of `archc train`.

It is written as soon as a fact is known, so that a run that ends early has those known by then: the devices, the
pictures that were read, the weights that were written, and the figures of the final test when the run is complete.
"""

from __future__ import annotations

import hashlib
import resource
import sys
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveInt, ValidationError

from archc.failure import FINDING, Failure
from archc.files import write_durably
from archc.language.recipe import TestViews
from archc.training.description import announce_weights, describe_weights
from archc.training.job import Job


class Figures(BaseModel):
    """The figures of a complete run. A loss that is not finite is null, since JSON has no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first_loss: float | None
    """The loss of the first batch, before any step."""
    last_loss: float | None
    """The loss of the last batch, before the last step."""
    chance: float | None
    """The top-1 rate of guessing: 1 / classes; null without classes."""
    test: TestViews
    count: PositiveInt
    """Held-out examples that were tested, or their positions or values if each has a target of its own."""
    top1: NonNegativeInt | None
    """Of `binary_cross_entropy`, the values that are on the right side of 1/2; null for `mean_squared_error`."""
    top5: NonNegativeInt | None
    """Null without classes."""
    loss: float | None
    """The mean loss over the held-out pictures."""


class Data(BaseModel):
    """The pictures that a run read: `archc.pictures.fingerprint` defines the hash."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: NonNegativeInt
    bytes: NonNegativeInt
    sha256: str
    skipped: NonNegativeInt = 0
    """Pictures that cannot be read and that the run does without; the files above are without them."""
    ignored: NonNegativeInt = 0
    """What else is in the class folders: folders, and files with other suffixes."""
    converted: dict[str, NonNegativeInt] = {}
    """Pictures that lose something when they are decoded, by what it is: `CMYK`, `16 bits per channel`."""


class Received(BaseModel):
    """The bytes that one device received in a step: in each pass, and to collect the outputs for the loss."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    forward: NonNegativeInt
    backward: NonNegativeInt
    outputs: NonNegativeInt


class Exchanged(BaseModel):
    """What the devices exchanged in one training step after the first ones: what each received, and in how many
    collective operations."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    received: tuple[Received, ...]
    collectives: NonNegativeInt


class Peak(BaseModel):
    """The most memory that each device took at one time, in bytes.

    `of` is `device` for what PyTorch allocated on a GPU, and `process` for a process on the CPU, with the framework.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    of: Literal["device", "process"]
    bytes: tuple[PositiveInt, ...]


class Measured(BaseModel):
    """What a run's steps took: their exchanges, None on one device, and their memory, None if it is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    exchanged: Exchanged | None = None
    peak: Peak | None = None


class BestWeights(BaseModel):
    """The weights with the lowest held-out error, best.safetensors, and their score after that step."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: NonNegativeInt
    sha256: str
    count: PositiveInt
    top1: NonNegativeInt | None
    loss: float


class Result(BaseModel):
    """What a run used and achieved."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    devices: tuple[str, ...]
    """The name of each device, as the framework calls it."""
    data: Data | None = None
    """None until the pictures have been read."""
    weights: str | None = None
    """The SHA-256 of weights.safetensors, computed from the bytes that were written; None until then."""
    best: BestWeights | None = None
    """None until the first test."""
    diverged: bool = False
    """Whether the run was ended because a loss or a weight was not finite."""
    measured: Measured | None = None
    """None until the last step."""
    unrecorded: NonNegativeInt = 0
    """Lines that could not be written to metrics.jsonl."""
    figures: Figures | None = None
    """None until the run is complete."""

    def write(self, run: Path) -> None:
        """Write result.json into the run's folder."""
        write_durably(place_of_result(run), (self.model_dump_json(indent=2) + "\n").encode())


def most_resident() -> int:
    """The most memory, in bytes, that this process has had in RAM."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024  # Linux counts in KiB


def write_weights(place: Path, data: bytes) -> str:
    """Write the weights of a run, and name them in its model.json; their SHA-256, which belongs into the result."""
    sha256 = hashlib.sha256(data).hexdigest()
    announce_weights(place, sha256)
    write_durably(place, data)
    describe_weights(place, sha256)
    return sha256


def place_of_result(run: Path) -> Path:
    """result.json in the folder of a run."""
    return run / "result.json"


def begin_result(run: Path, devices: tuple[str, ...], *, goes_on: bool) -> None:
    """Write the result of a run that begins on these devices, or that goes on, and has its end still before it."""
    before = read_result(run) if goes_on else None
    ended = {"devices": devices, "weights": None, "diverged": False, "measured": None, "figures": None}
    (before.model_copy(update=ended) if before else Result(devices=devices)).write(run)


def add_to_result(run: Path, **facts: object) -> None:
    """Write result.json again with more facts. Only one process at a time may do so."""
    before = read_result(run) or Result(devices=())
    Result.model_validate({**dict(before), **facts}).write(run)


def record_data(job: Job, data: Data) -> None:
    """Write the data of a run into its result; a Failure if it goes on and they are not those that it began with.

    Call it before anything is written that depends on the data: a run that cannot go on stays as it was.
    """
    before = read_result(job.run) if job.resume else None
    if before and before.data and before.data.sha256 != data.sha256:
        message = f"the data in {job.pictures} are not those that the run began with"
        raise Failure(message, "restore them, or start a new run", FINDING)
    add_to_result(job.run, data=data)


def is_complete(run: Path) -> bool:
    """Whether the final test of a run is done."""
    result = read_result(run)
    return result is not None and result.figures is not None


def read_result(run: Path) -> Result | None:
    """The result in a run's folder; None if the run ended before it had devices."""
    path = place_of_result(run)
    try:
        return Result.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Failure(f"cannot read {path}: {error.strerror}") from error
    except ValidationError as error:
        reason = error.errors(include_url=False)[0]["msg"]
        help = "install archc and its backend in the same version"
        raise Failure(f"{path} is not the result of a run: {reason}", help) from error
