"""A run whose weights are used: its folder, verified, and the process of its backend that computes with them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from archc.backend import load
from archc.failure import FINDING, USAGE, Failure
from archc.inference.task import Task, write_pictures
from archc.language.recipe import TestViews
from archc.run.process import run_to_end, using_module
from archc.training.description import Description, StoredFile, place_of_description, read_description, stored

LAST = "last"


@dataclass(frozen=True)
class Trained:
    """A run's folder whose files are as the run wrote them, and one of its weights."""

    run: Path
    """The folder as it was given."""
    description: Description
    weights: str
    """Which weights: `last`, or `best`."""

    def name(self, index: int) -> str:
        """The class of an output of the network: its name, or its number if it has none."""
        names = self.description.classes
        if names is None:
            return str(index)
        return names[index] if index < len(names) else f"output {index}"

    @property
    def example(self) -> Literal["picture", "example"]:
        """What a message calls an example."""
        return "picture" if self.description.preparation else "example"

    def views(self, asked: TestViews | None) -> TestViews:
        """The views of a picture: those asked for, or those of the run's final test."""
        preparation = self.description.preparation
        if preparation is None:
            if asked == "ten_crop":
                message = f"`--test ten_crop` is for pictures, and {self.run} was trained on arrays"
                raise Failure(message, "leave out `--test`", USAGE)
            return "center"
        return asked or preparation.test


def open_run(run: Path, weights: str = LAST) -> Trained:
    """A run's folder; a Failure if it is not one, lacks the weights, or has a file that has changed."""
    if not run.is_dir():
        near = next((each for each in (run.parent, Path("runs") / run) if place_of_description(each).is_file()), None)
        help = f"did you mean `{near}`?" if near else "name the folder of a run, such as runs/NAME-TIME"
        raise Failure(f"{run} is not a folder", help, USAGE)
    found = read_description(run)
    if not found.weights:
        message = f"{run} has no weights: the run has not ended, or it ended before they were written"
        raise Failure(message, "wait for its end, or name another run", FINDING)
    if weights not in found.weights:
        known = " or ".join(f"`--weights {name}`" for name in found.weights)
        raise Failure(f"{run} has no weights called `{weights}`", f"use {known}", USAGE)
    statistics = (found.preparation.statistics,) if found.preparation else ()
    for file in (found.source, *statistics, found.weights[weights]):
        _verify(run, file)
    return Trained(run, found, weights)


def _verify(run: Path, file: StoredFile) -> None:
    """Raise a Failure unless a file is as the run wrote it."""
    place = run / file.path
    try:
        now = stored(place)
    except OSError as error:
        help = "copy the whole folder of the run"
        raise Failure(f"cannot read {place}: {error.strerror}", help, FINDING) from error
    if now.sha256 not in (file.sha256, file.next_sha256):
        message = f"{place} has changed since the run wrote it: its SHA-256 is {now.sha256}, not {file.sha256}"
        raise Failure(message, "restore the file, or copy the run's folder again", FINDING)


def compute(
    trained: Trained,
    what: Literal["evaluate", "predict"],
    test: TestViews,
    *,
    data: Path | None = None,
    pictures: Sequence[Path] = (),
) -> tuple[int, str]:
    """Do a task in a process of the run's backend: its exit code, and its outcome as JSON if that is 0."""
    found = trained.description
    module = using_module(load(found.backend))
    with TemporaryDirectory(prefix="archc-") as folder:
        task = Task(
            what=what,
            run=trained.run.resolve(),
            source=found.source.path,
            weights=found.weights[trained.weights].path,
            classes=found.classes,
            data=data and data.resolve(),
            test=test,
            folder=Path(folder),
        )
        task.file.write_text(task.model_dump_json(), encoding="utf-8")
        write_pictures(task, pictures)
        code = run_to_end([sys.executable, "-P", "-m", module, str(task.file)], to_errors=True, called="computing")
        return code, "" if code else task.outcome.read_text(encoding="utf-8")
