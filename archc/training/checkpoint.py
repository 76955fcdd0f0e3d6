"""The checkpoints of a run: what it takes to go on from a step, complete on the disk or not there at all.

Each is a folder, RUN/checkpoints/step-00000040, with weights.safetensors, optimizer.safetensors, state.json and,
written last, manifest.json with the SHA-256 of the others. It is written under another name, and renamed when its bytes
are on the disk.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, NonNegativeInt, ValidationError

from archc.failure import Failure
from archc.files import sync_folder, write_durably

WEIGHTS, OPTIMIZER, STATE, MANIFEST = "weights.safetensors", "optimizer.safetensors", "state.json", "manifest.json"

_NAME = re.compile(r"step-([0-9]{8,})\Z")


class Entry(BaseModel):
    """A file of a checkpoint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bytes: NonNegativeInt
    sha256: str


class Manifest(BaseModel):
    """What a complete checkpoint contains."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    step: NonNegativeInt
    files: dict[str, Entry]


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose files are as they were written."""

    step: int
    files: Mapping[str, bytes]


def folder(run: Path) -> Path:
    """The folder of a run's checkpoints."""
    return run / "checkpoints"


def place(run: Path, step: int) -> Path:
    """The folder of the checkpoint after a step."""
    return folder(run) / f"step-{step:08d}"


def save(run: Path, step: int, files: Mapping[str, bytes]) -> None:
    """Write the checkpoint after a step. If that raises OSError, the others stay as they are."""
    final, own = place(run, step), folder(run) / f".step-{step:08d}.part"
    own.parent.mkdir(exist_ok=True)
    if own.exists():  # a process was killed while it wrote it
        shutil.rmtree(own)
    try:
        own.mkdir()
        for name, data in files.items():
            write_durably(own / name, data)
        manifest = Manifest(step=step, files={name: _entry(data) for name, data in files.items()})
        write_durably(own / MANIFEST, (manifest.model_dump_json(indent=2) + "\n").encode())
        if final.exists():  # from before the run went on from an earlier step, or damaged
            _remove(run, step)
        own.rename(final)
        sync_folder(final.parent)
    except BaseException:
        shutil.rmtree(own, ignore_errors=True)
        raise


def steps(run: Path) -> list[int]:
    """The steps after which a run has a checkpoint, in order."""
    try:
        found = [_NAME.match(entry.name) for entry in folder(run).iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(int(match[1]) for match in found if match)


def load(run: Path, step: int) -> Checkpoint:
    """The checkpoint after a step; a Failure names the first file that is missing or is not as it was written."""
    home = place(run, step)
    try:
        manifest = Manifest.model_validate_json((home / MANIFEST).read_bytes())
        files = {name: (home / name).read_bytes() for name in manifest.files}
    except OSError as error:
        raise Failure(f"cannot read {error.filename}: {error.strerror}") from error
    except ValidationError as error:
        raise Failure(f"{home / MANIFEST} is damaged: {error.errors(include_url=False)[0]['msg']}") from error
    if manifest.step != step:
        raise Failure(f"{home / MANIFEST} is that of step {manifest.step}")
    if missing := {WEIGHTS, OPTIMIZER, STATE} - files.keys():
        raise Failure(f"{home / MANIFEST} does not list {min(missing)}")
    for name, data in files.items():
        if _entry(data) != manifest.files[name]:
            raise Failure(f"{home / name} is damaged: its SHA-256 is not that of {MANIFEST}")
    return Checkpoint(step, files)


def newest(run: Path) -> tuple[Checkpoint | None, list[Failure]]:
    """The newest checkpoint that is sound, if there is one, and what is wrong with those after it."""
    wrong: list[Failure] = []
    for step in reversed(steps(run)):
        try:
            return load(run, step), wrong
        except Failure as failure:
            wrong.append(failure)
    return None, wrong


def rotate(run: Path, *, keep: int, best: int | None) -> None:
    """Remove all checkpoints but the newest `keep`, and that of step `best`. Call it after one has been saved."""
    for step in steps(run)[:-keep]:
        if step != best:
            _remove(run, step)


def remove_after(run: Path, step: int) -> None:
    """Remove the checkpoints after a step, from which a run goes on in another way, and what a killed writer left."""
    for later in steps(run):
        if later > step:
            _remove(run, later)
    for part in folder(run).glob(".*.part"):
        shutil.rmtree(part, ignore_errors=True)


def _remove(run: Path, step: int) -> None:
    # First out of the way: what is removed in part must not look like a checkpoint.
    doomed = folder(run) / f".step-{step:08d}.old.part"
    shutil.rmtree(doomed, ignore_errors=True)
    place(run, step).rename(doomed)
    shutil.rmtree(doomed)


def _entry(data: bytes) -> Entry:
    return Entry(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
