"""A task for a backend's process: what to compute with which weights, as the file task.json in a folder of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from archc.language.recipe import TestViews
from archc.training.job import Job, read_job


class Task(BaseModel):
    """Everything that the process needs, beside the run's folder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    protocol: Literal[1] = 1
    what: Literal["evaluate", "predict"]
    run: Path
    """The run's folder, as an absolute path: it may have been moved since."""
    source: str
    """The file of the whole network in the run's folder."""
    weights: str
    """The file of the weights in the run's folder."""
    classes: tuple[str, ...] | None
    """The names of the classes in the order of the outputs."""
    data: Path | None = None
    """The folder to evaluate on, as an absolute path; None for the run's own held-out examples."""
    test: TestViews
    """The views of a picture."""
    folder: Path
    """The folder of this file, for the outcome."""

    @property
    def file(self) -> Path:
        return self.folder / "task.json"

    @property
    def pictures(self) -> Path:
        """The names of the pictures to predict, each followed by a NUL: they need not be UTF-8."""
        return self.folder / "pictures"

    @property
    def outcome(self) -> Path:
        return self.folder / "outcome.json"

    @property
    def startup_log(self) -> Path:
        """What a framework writes while it starts."""
        return self.folder / "startup.log"

    def job(self) -> Job:
        """The job of the run, on one device and in the folder where the run is now."""
        job = read_job(self.run / "job.json")
        alone = {"devices": 1, "strategy": "data", "reads": "own", "targets": "own", "source": self.source}
        pictures = self.run / "pictures" if job.built_in else job.pictures
        return job.model_copy(update={**alone, "run": self.run, "pictures": pictures})


def write_pictures(task: Task, pictures: Sequence[Path]) -> None:
    """Write the names of pictures for a task."""
    task.pictures.write_bytes(b"".join(os.fsencode(picture) + b"\0" for picture in pictures))


def read_pictures(task: Task) -> list[Path]:
    """The names that `write_pictures` wrote."""
    return [Path(os.fsdecode(name)) for name in task.pictures.read_bytes().split(b"\0")[:-1]]
