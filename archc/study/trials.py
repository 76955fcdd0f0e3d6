"""The trials of a study: each trains one spec with one seed, in a folder of its own."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from archc.failure import FINDING, USAGE, Failure
from archc.language.study import Study, Training
from archc.study.folder import ANOTHER, write

RECORD = "study.json"


@dataclass(frozen=True)
class Trial:
    """A run of a study."""

    name: str
    """That of its spec in the study."""
    seed: int
    spec: Path
    run: Path
    training: Training
    data: Path | None

    @property
    def options(self) -> tuple[str, ...]:
        """Options of `archc train`, without those that say where it runs."""
        return (*self.training.options(), *(("--data", str(self.data)) if self.data else ()))

    @property
    def title(self) -> str:
        """What messages call it: `relu, seed 0`."""
        return f"{self.name}, seed {self.seed}"

    @property
    def log(self) -> Path:
        """The file with what it printed."""
        return self.run.with_name(f"{self.run.name}.log")

    def command(self) -> list[str]:
        """Starts the run, or goes on with it."""
        archc = [sys.executable, "-P", "-m", "archc", "train", "--run", str(self.run), "--resume", "auto"]
        return [*archc, "--seed", str(self.seed), *self.options, "--", str(self.spec)]


def trials(study: Study, place: Path, folder: Path, *, data: Path | None, asked: Training) -> list[Trial]:
    """The trials of a study in the file `place`, whose runs are in `folder`: the first seed of all specs comes first.

    `asked` are options that take precedence over the study's.
    """
    found = data or (place.parent / study.data if study.data else None)
    return [
        Trial(
            name,
            seed,
            place.parent / arm.spec,
            folder / f"{name}-{seed}",
            study.train.changed_by(arm.train).changed_by(asked),
            found,
        )
        for seed in study.seeds
        for name, arm in study.runs.items()
    ]


class _Arm(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    spec_sha256: str
    options: tuple[str, ...]


class _Record(BaseModel):
    """study.json: what the runs in a folder are of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    runs: dict[str, _Arm]


def record(folder: Path, found: list[Trial], specs: Mapping[str, bytes]) -> None:
    """Write what the runs in a folder are of; a Failure if it has runs with other options.

    So a study goes on only with runs that it would have started itself. Names and seeds may be added.
    """
    place = folder / RECORD
    own = {
        each.name: _Arm(spec_sha256=hashlib.sha256(specs[each.name]).hexdigest(), options=each.options)
        for each in found
    }
    before = _read(place)
    for name, arm in own.items():
        then = before.get(name)
        if (then and then.options == arm.options) or not any(each.run.exists() for each in found if each.name == name):
            continue
        what = f"with the options {_shown(then.options)}" if then else f"that {RECORD} does not list"
        raise Failure(f"{folder} has runs of `{name}` {what}", f"{ANOTHER}, or remove those runs", USAGE)
    write(place, (_Record(runs=before | own).model_dump_json(indent=2) + "\n").encode())


def _shown(options: tuple[str, ...]) -> str:
    return f"`{' '.join(options)}`" if options else "of the spec"


def _read(place: Path) -> dict[str, _Arm]:
    try:
        return _Record.model_validate_json(place.read_bytes()).runs
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise Failure(f"cannot read {place}: {error.strerror}", ANOTHER) from error
    except ValidationError as error:
        message = f"{place} is not that of a study: {error.errors(include_url=False)[0]['msg']}"
        raise Failure(message, ANOTHER, FINDING) from error
