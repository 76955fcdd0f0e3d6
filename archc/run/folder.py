"""The folder of a run, and the files that its training process starts from."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from archc.backend import EmittedSource
from archc.failure import ENVIRONMENT, USAGE, Failure
from archc.files import hold, is_reserve, release, remove_parts, reserve, write_durably
from archc.passes.placement import Placement
from archc.run.receipt import ROOM
from archc.run.setup import Setup
from archc.training.description import Description, read_description, stored, write_description
from archc.training.job import Job, PlannedStep
from archc.training.journal import has_begun
from archc.training.receipt import place_of_receipt

HELP = "choose another folder: `--run DIR`"


@contextmanager
def started_folder(
    setup: Setup,
    source: EmittedSource,
    spec: bytes,
    *,
    asked: Path | None,
    placement: Placement | None = None,
    whole: EmittedSource | None = None,
    planned: PlannedStep | None = None,
) -> Generator[Job]:
    """Make the run's folder and write the spec, the source, job.json and model.json into it; the job.

    `whole` is the source of the whole network, if the other one is of a device's part.
    A start that fails leaves no folder: unless training has begun within the context, all of it is removed again.
    """
    new = _missing(asked or Path("runs"))
    folder = make_run_folder(asked, setup.name)
    job = setup.job(folder, source, placement, planned)
    try:
        _write(job, source, spec)
        describe_run(job, source, whole or source, setup.backend)
        with job.file.open("r+b") as file:
            hold(file)  # for `archc runs`, also before and after the training process works on its record
            yield job
    finally:
        # A framework that ends its process while it starts leaves its last words.
        if has_begun(folder) or job.startup_log.exists():
            remove_parts(folder)
        else:
            _remove(folder, new, keep=asked is not None and folder not in new)


def _write(job: Job, source: EmittedSource, spec: bytes) -> None:
    try:
        write_durably(job.run / "spec.yaml", spec)
        write_durably(job.run / job.source, source.text.encode())
    except OSError as error:
        raise Failure(f"cannot write into {job.run}: {error.strerror}", help=HELP, code=ENVIRONMENT) from error
    write_job(job)


def write_job(job: Job) -> None:
    """Write job.json."""
    try:
        write_durably(job.file, (job.model_dump_json(indent=2) + "\n").encode())
    except OSError as error:
        raise Failure(f"cannot write into {job.run}: {error.strerror}", help=HELP, code=ENVIRONMENT) from error


def describe_run(job: Job, source: EmittedSource, whole: EmittedSource, backend: str) -> None:
    """Write model.json, and beside it the source of the whole network, unless that is what is trained.

    A run that goes on keeps its best weights; those after the last step are written anew at its end.
    """
    file = job.run / (job.source if whole is source else f"{job.name}_whole.py")
    try:
        if whole is not source:
            write_durably(file, whole.text.encode())
        description = Description(
            name=job.name,
            backend=backend,
            source=stored(file),
            model=whole.class_name,
            inputs=job.inputs,
            output=job.output,
            loss=job.recipe.loss,
            precision=job.precision,
            **_kept(job),
        )
        write_description(job.run, description)
    except OSError as error:
        raise Failure(f"cannot write into {job.run}: {error.strerror}", help=HELP, code=ENVIRONMENT) from error


def _kept(job: Job) -> dict[str, Any]:
    """What the training process has added to the model.json of a run that goes on."""
    try:
        found = read_description(job.run)
    except Failure:  # a new run, or a file that is damaged and written anew
        return {}
    weights = {name: file for name, file in found.weights.items() if file.path != job.weights.name}
    return {"classes": found.classes, "preparation": found.preparation, "weights": weights}


def make_run_folder(asked: Path | None, name: str) -> Path:
    """A new or empty folder, as an absolute path: the one asked for, else runs/NAME-TIME.

    No other run can have it, since it contains the room for this run's receipt.
    """
    folder, new = None, _missing(asked or Path("runs"))
    try:
        if asked is None:
            folder = _next_to(Path("runs") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}").resolve()
        else:
            _demand_empty(asked)
            asked.mkdir(parents=True, exist_ok=True)
            folder = asked.resolve()
        _claim(folder, asked)
    except OSError as error:
        if folder is not None:
            _remove_empty([*([] if asked else [folder]), *new])
        message = f"cannot make the run's folder, {asked or 'runs'}: {error.strerror}"
        raise Failure(message, help=HELP, code=ENVIRONMENT) from error
    return folder


def _claim(folder: Path, asked: Path | None) -> None:
    """Make an empty folder that of this run; a Failure if another run has it."""
    receipt = place_of_receipt(folder)
    try:
        reserve(receipt, ROOM)
    except FileExistsError:
        raise Failure(f"another run has started in {asked}", help=HELP, code=USAGE) from None
    try:
        # That run may have begun and ended between the first look and the claim.
        _demand_empty(folder)
    except Failure:
        release(receipt)
        raise


def _demand_empty(folder: Path) -> None:
    """Raise Failure if a folder contains anything except the claim of a run, which `_claim` sees."""
    if folder.is_dir() and _contents(folder):
        help = "`--run` takes a new or an empty folder"
        if (folder / "job.json").is_file():
            help += "; `--resume auto` goes on with the run in it"
        raise Failure(f"{folder} is not empty", help=help, code=USAGE)


def _contents(folder: Path) -> list[Path]:
    """What a folder contains, except the claim of a run."""
    return [entry for entry in folder.iterdir() if not is_reserve(entry, place_of_receipt(folder))]


def _next_to(folder: Path) -> Path:
    """Make the folder, or the first free one of FOLDER-2, FOLDER-3, …"""
    for number in count(1):
        place = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        try:
            place.mkdir(parents=True)
        except FileExistsError:  # another run started in the same second
            continue
        return place
    raise AssertionError


def _missing(folder: Path) -> list[Path]:
    """The folder and its parents that do not exist yet, from the inside out."""
    return [place for place in (folder.resolve(), *folder.resolve().parents) if not place.exists()]


def _remove(folder: Path, new: list[Path], *, keep: bool) -> None:
    """Remove the folder of a run and the parents made for it, or only its contents if the folder was there before."""
    for entry in _contents(folder) if folder.is_dir() else ():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            with suppress(OSError):  # what ended the run is to be reported, not what its folder keeps
                entry.unlink()
    # Last, since another run may start in a folder that is empty.
    release(place_of_receipt(folder))
    _remove_empty([*([] if keep else [folder]), *new])


def _remove_empty(folders: list[Path]) -> None:
    """Remove folders, from the inside out, as far as they are empty."""
    for place in folders:
        try:
            place.rmdir()
        except OSError:  # gone already, or another run has started in it
            continue
