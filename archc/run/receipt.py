"""The receipt of a run, receipt.json: its inputs and its result with checksums, so that the run can be repeated."""

from __future__ import annotations

import hashlib
import json
import platform
import shlex
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from archc.backend import Backend, distribution_of
from archc.failure import Failure
from archc.files import write_durably, write_whole
from archc.installing import DISTRIBUTION
from archc.run.machine import machine
from archc.run.planned import Planned
from archc.signals import CODES
from archc.training.job import Job
from archc.training.receipt import place_of_receipt, with_result
from archc.training.result import Result, read_result

STATUS = {None: "running", 0: "complete", **dict.fromkeys(CODES, "interrupted")}

ROOM = 1 << 16
"""Bytes that are reserved for a receipt."""

TRAINING = ("numpy", "pillow", "safetensors")
"""What training uses of every backend."""


@dataclass(frozen=True)
class Starts:
    """When and by which command a run was started, and each time that it went on, after a step; and the spec that it
    began with, if it went on."""

    started: str
    command: str
    resumed: tuple[dict[str, object], ...] = ()
    spec: str | None = None

    @classmethod
    def now(cls, run: Path | None, step: int | None) -> Starts:
        """A start of this process, of a new run or of the one in a folder."""
        started, command = datetime.now(UTC).isoformat(timespec="seconds"), shlex.join(["archc", *sys.argv[1:]])
        if run is None:
            return cls(started, command)
        with suppress(OSError, ValueError, KeyError):  # a run that was killed while it started has none
            before = json.loads(place_of_receipt(run).read_bytes())
            again: dict[str, object] = {"after_step": step or 0, "stopped": before["ended"]}
            again |= {"started": started, "command": command}
            return cls(before["started"], before["command"], (*before["resumed"], again), before["spec"]["path"])
        return cls(started, command)


@dataclass(frozen=True)
class Inputs:
    """What was trained, as archc read and emitted it: the files may have been edited since. `planned` is what archc
    computes of a step before it runs, and `sets` are the values that `--set` tried."""

    path: Path
    spec: bytes
    source: str
    planned: Planned
    sets: tuple[str, ...] = ()


def write_receipt(job: Job, inputs: Inputs, backend: Backend, *, starts: Starts, code: int | None) -> None:
    """Write receipt.json into the run's folder, whether or not the run was complete; with no code, it is running."""
    receipt = _receipt(job, inputs, backend, starts=starts, code=code)
    text = json.dumps(receipt, indent=2, ensure_ascii=False) + "\n"
    try:
        if code is None:  # the room that is reserved is for the end
            write_whole(place_of_receipt(job.run), text.encode())
        else:
            write_durably(place_of_receipt(job.run), text.encode())
    except OSError as error:
        raise Failure(f"cannot write the receipt into {job.run}: {error.strerror}") from error


def recorded_spec(run: Path) -> str | None:
    """The SHA-256 of the spec of a run, if its receipt can be read."""
    return _recorded(run, "sha256")


def _recorded(run: Path, name: str) -> Any:
    """What a run's receipt says of its spec; None if it does not: a run that was killed while it started has none."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return json.loads(place_of_receipt(run).read_bytes())["spec"][name]
    return None


def _receipt(job: Job, inputs: Inputs, backend: Backend, *, starts: Starts, code: int | None) -> dict[str, object]:
    result = read_result(job.run) or Result(devices=())
    # A run that goes on reads the copy of its spec, unless another file is given.
    path = starts.spec if starts.spec and inputs.path.resolve() == job.run / "spec.yaml" else str(inputs.path)
    receipt: dict[str, Any] = {
        "status": "diverged" if result.diverged else STATUS.get(code, "failed"),
        "exit_code": code,
        "command": starts.command,
        "started": starts.started,
        "resumed": list(starts.resumed),
        "ended": None if code is None else datetime.now(UTC).isoformat(timespec="seconds"),
        "spec": {"path": path, "sha256": sha256(inputs.spec), "set": list(inputs.sets)},
        "source": {"path": job.source, "sha256": sha256(inputs.source.encode())},
        "weights": None,
        "best": None,
        "backend": backend.name,
        "devices": {"asked": job.devices, "used": None},
        "strategy": job.strategy if job.devices > 1 else None,
        "step": _step(inputs.planned),
        "seed": job.seed,
        "precision": job.precision,
        "recipe": job.recipe.model_dump(mode="json"),
        "steps": job.steps,
        "fast_dev_run": job.fast_dev_run,
        "overfit_batches": job.overfit_batches,
        "pictures": {
            "path": "built-in" if job.built_in else str(job.pictures),
            "bad_pictures": job.bad_pictures,
        },
        "unrecorded": 0,
        "result": None,
        "versions": versions(backend),
        "machine": machine(),
    }
    return with_result(receipt, result)


def _step(planned: Planned) -> dict[str, object]:
    """What was planned of a training step, beside what is not measured yet."""
    return {
        "received": {"planned": [each._asdict() for each in planned.received], "measured": None},
        "collectives": {"planned": planned.collectives, "measured": None},
        "peak_memory": {"planned": planned.memory, "measured": None},
    }


def values_tried(run: Path) -> tuple[str, ...]:
    """The values that a run was started to try; none if its receipt does not list any."""
    found = _recorded(run, "set")
    return tuple(map(str, found)) if isinstance(found, list) else ()  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def versions(backend: Backend) -> dict[str, str]:
    """The versions of Python, archc, the backend, and the distributions that compute in a run."""
    found = {"python": platform.python_version()}
    for name in (DISTRIBUTION, distribution_of(backend.name), *TRAINING, *backend.frameworks):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # a build under another name, such as tensorflow-cpu, brings the same module
            continue
    return found


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
