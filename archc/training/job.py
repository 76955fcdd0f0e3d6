"""A training job: everything that `archc train` asks of a backend, as the file job.json in the run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
)

from archc.failure import Failure
from archc.language.recipe import Precision, Recipe
from archc.language.spec import Strategy
from archc.training.batch import check_batch
from archc.training.norms import GradientNorms
from archc.training.share import Extent, Share

BadPictures = Literal["stop", "skip"]
"""Pictures that cannot be read end a run before its first step, or it trains without them."""


TIMEOUT, KEEP = 1800.0, 2
"""What a job has for `timeout` and `keep`, unless it is asked for others."""

WEIGHTS = "weights.safetensors"
"""The weights after the last step, in the folder of a run."""

TRIED = 16
"""The number of held-out examples of a trial."""


class Value(BaseModel):
    """The shape of an input for one example, with the channels first; with a vocabulary, it is tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: tuple[PositiveInt, ...]
    vocabulary: PositiveInt | None = None


class PlannedStep(BaseModel):
    """What archc has computed of a training step before it runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    memory: PositiveInt
    """The most bytes in use at one moment on the device that needs most."""
    least: PositiveInt
    """The same of a step with an example for each device, in each part of a batch."""
    received: NonNegativeInt
    """The bytes that a device receives, on the device that receives most."""
    collectives: NonNegativeInt
    """Collective operations of all devices."""


class Resume(BaseModel):
    """The checkpoint from which a run goes on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: NonNegativeInt
    epochs: NonNegativeInt = 0
    """The epochs that have begun by then."""
    recorded: NonNegativeInt
    """The bytes of metrics.jsonl that belong to it."""
    seconds: NonNegativeFloat
    """The time that the run had taken."""


class Job(BaseModel):
    """Everything that a run needs; a backend reads no other settings."""

    # An unknown field is refused: a backend that ignored it would train something else than was asked for.
    model_config = ConfigDict(frozen=True, extra="forbid")

    protocol: Literal[1] = 1
    name: str
    """The network's name."""
    run: Path
    """The run's folder, as an absolute path."""
    source: str
    """The name of the emitted file in the run's folder: `alexnet.py`."""
    model: str
    """The class in that file to build; its constructor takes no arguments: `Alexnet`."""
    renamed: dict[str, str] = {}
    """The name in the source of each layer that had to be renamed, by its name in the spec. Saved weights use the
    spec's names."""
    inputs: dict[str, Value] = Field(min_length=1)
    """What the network reads, by name."""
    output: tuple[PositiveInt, ...]
    """The shape of what the network returns for an example, with the channels or classes first."""
    devices: PositiveInt
    strategy: Strategy = "data"
    """How the devices share the work: the emitted file is one device's part under this strategy."""
    reads: Extent = "own"
    """Whether each device reads its own examples of a batch, or all of them."""
    targets: Extent = "own"
    """Whether each device computes the loss of its own examples, or of all."""
    needs_two: str | None = None
    """A layer that cannot train on a batch of one picture, as it normalises single values over the batch."""
    recipe: Recipe
    """The spec's recipe with the command line's overrides."""
    steps: PositiveInt | None = None
    """The number of optimiser steps; if None, the recipe's epochs decide."""
    resume: Resume | None = None
    """None for a new run."""
    checkpoint_every: PositiveInt | None = None
    """Steps after which a checkpoint is saved, besides those at the ends of epochs."""
    keep: PositiveInt = KEEP
    """How many checkpoints are kept while the run goes on."""
    seed: NonNegativeInt
    precision: Precision
    timeout: PositiveFloat = TIMEOUT
    """Seconds that ranks wait for one that hangs, until the run ends."""
    form: Literal["pictures", "arrays"] = "pictures"
    """What the data are: pictures in a folder for each class, or train.npz and val.npz."""
    pictures: Path
    """The folder of the data, as an absolute path."""
    built_in: bool
    """Whether the pictures are archc's own; if so, the backend generates them into `pictures` first."""
    bad_pictures: BadPictures = "stop"
    """What to do about pictures that cannot be read, if the check before the first step finds some."""
    planned: PlannedStep | None = None
    """What the run shows before its first step."""
    tensorboard: bool = False
    """Whether the run's curves are also written for TensorBoard."""
    gradient_norms: GradientNorms | None = None
    """In which steps the norm of each layer's gradient is recorded."""
    fast_dev_run: bool = False
    """Whether the run is a trial on a few examples: a batch of training examples, and `TRIED` held-out ones."""
    overfit_batches: PositiveInt | None = None
    """The number of batches that are trained on again and again, without augmentation; None for a run on all."""

    @property
    def image(self) -> tuple[int, int, int]:
        """Channels, height and width of the picture that the network reads."""
        (value,) = self.inputs.values()
        channels, height, width = value.shape
        return channels, height, width

    @property
    def example(self) -> Literal["picture", "example"]:
        """What a message calls an example of the data."""
        return "picture" if self.form == "pictures" else "example"

    @property
    def outputs(self) -> int:
        """The number of classes or values that the network returns, at each position."""
        return self.output[0]

    @property
    def file(self) -> Path:
        return self.run / "job.json"

    @property
    def weights(self) -> Path:
        return self.run / WEIGHTS

    @property
    def best_weights(self) -> Path:
        """The weights with the lowest held-out error."""
        return self.run / "best.safetensors"

    @property
    def statistics(self) -> Path:
        return self.run / "statistics.safetensors"

    @property
    def skipped(self) -> Path:
        """The names of the pictures that the run does without, if it is to skip those that cannot be read."""
        return self.run / "skipped.json"

    @property
    def startup_log(self) -> Path:
        """What a framework writes while it starts. The file stays only if that ends the process."""
        return self.run / "startup.log"

    def used(self, count: int, *, held_out: bool = False) -> list[int]:
        """Which of `count` training or held-out examples the run uses: all, or for a trial a few from everywhere."""
        wanted = min(TRIED if held_out else self.recipe.batch, count) if self.fast_dev_run else count
        return [index * count // wanted for index in range(wanted)]

    def share(self, rank: int) -> Share:
        """Which examples a rank reads."""
        return Share(rank, self.devices, self.reads, self.targets)


def read_job(path: Path) -> Job:
    """The job in a JSON file; a Failure names the first field that does not fit."""
    try:
        job = Job.model_validate_json(path.read_bytes())
    except OSError as error:
        raise Failure(f"cannot read {path}: {error.strerror}", "`archc train` writes this file") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise Failure(
            f"{path} is not a job of protocol 1: {where}: {first['msg']}",
            "install archc and its backend in the same version",
        ) from error
    # `archc train` checks this too, but a job may have been edited by hand.
    check_batch(job.recipe.batch, job.devices, needs_two=job.needs_two, called=job.example, parts=job.recipe.accumulate)
    return job
