"""The folder of a run, and the files that its training process starts from."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from pathlib import Path

from archc.backend import EmittedSource
from archc.failure import ENVIRONMENT, USAGE, Failure
from archc.run.setup import Setup
from archc.training.job import Job

HELP = "choose another folder: `--run DIR`"


def start_folder(setup: Setup, source: EmittedSource, spec: bytes, *, asked: Path | None) -> Job:
    """Make the run's folder and write the spec, the source and job.json into it; the job."""
    folder = make_run_folder(asked, setup.name)
    job = setup.job(folder, source)
    try:
        (folder / "spec.yaml").write_bytes(spec)
        (folder / job.source).write_text(source.text, encoding="utf-8")
        job.file.write_text(job.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise Failure(f"cannot write into {folder}: {error.strerror}", help=HELP, code=ENVIRONMENT) from error
    return job


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
