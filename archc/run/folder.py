"""The folder of a run, and the files that its training process starts from."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path

from archc.backend import EmittedSource
from archc.failure import ENVIRONMENT, USAGE, Failure
from archc.run.setup import Setup
from archc.training.job import Job
from archc.training.journal import has_begun

HELP = "choose another folder: `--run DIR`"


@contextmanager
def started_folder(setup: Setup, source: EmittedSource, spec: bytes, *, asked: Path | None) -> Generator[Job]:
    """Make the run's folder and write the spec, the source and job.json into it; the job.

    A start that fails leaves no folder: unless training has begun within the context, all of it is removed again.
    """
    new = _missing(asked or Path("runs"))
    folder = make_run_folder(asked, setup.name)
    job = setup.job(folder, source)
    try:
        _write(job, source, spec)
        yield job
    finally:
        # A framework that ends its process while it starts leaves its last words.
        if not has_begun(folder) and not job.startup_log.exists():
            _remove(folder, new, keep=asked is not None and folder not in new)


def _write(job: Job, source: EmittedSource, spec: bytes) -> None:
    try:
        (job.run / "spec.yaml").write_bytes(spec)
        (job.run / job.source).write_text(source.text, encoding="utf-8")
        job.file.write_text(job.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise Failure(f"cannot write into {job.run}: {error.strerror}", help=HELP, code=ENVIRONMENT) from error


def make_run_folder(asked: Path | None, name: str) -> Path:
    """A new or empty folder, as an absolute path: the one asked for, else runs/NAME-TIME."""
    try:
        if asked is None:
            return _next_to(Path("runs") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}").resolve()
        if asked.is_dir() and any(asked.iterdir()):
            raise Failure(f"{asked} is not empty", help="`--run` takes a new or an empty folder", code=USAGE)
        asked.mkdir(parents=True, exist_ok=True)
        return asked.resolve()
    except OSError as error:
        message = f"cannot make the run's folder, {asked or 'runs'}: {error.strerror}"
        raise Failure(message, help=HELP, code=ENVIRONMENT) from error


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
    for entry in folder.iterdir() if keep else ():
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
    if keep:
        return
    shutil.rmtree(folder, ignore_errors=True)
    for parent in new:
        try:
            parent.rmdir()
        except OSError:  # gone already, or another run has started in it
            continue
