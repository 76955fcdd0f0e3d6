"""The receipt of a run, receipt.json: its inputs and its result with checksums, so that the run can be repeated."""

from __future__ import annotations

import hashlib
import json
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

from archc.backend import Backend, distribution_of
from archc.failure import INTERRUPTED, Failure
from archc.files import write_whole
from archc.installing import DISTRIBUTION
from archc.training.job import Job
from archc.training.result import read_result

STATUS = {0: "complete", INTERRUPTED: "interrupted"}


def write_receipt(job: Job, spec: Path, backend: Backend, *, started: datetime, command: str, code: int) -> None:
    """Write receipt.json into the run's folder, whether or not the run was complete."""
    try:
        receipt = _receipt(job, spec, backend, started=started, command=command, code=code)
        text = json.dumps(receipt, indent=2, ensure_ascii=False) + "\n"
        write_whole(job.run / "receipt.json", text.encode())
    except OSError as error:
        raise Failure(f"cannot write the receipt into {job.run}: {error.strerror}") from error


def _receipt(
    job: Job, spec: Path, backend: Backend, *, started: datetime, command: str, code: int
) -> dict[str, object]:
    result = read_result(job.run)
    figures = result.figures if result else None
    return {
        "status": STATUS.get(code, "failed"),
        "exit_code": code,
        "command": command,
        "started": started.isoformat(timespec="seconds"),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        # The hash is that of the copy which was trained: the file itself may have been edited since.
        "spec": {"path": str(spec), "sha256": sha256(job.run / "spec.yaml")},
        "source": {"path": job.source, "sha256": sha256(job.run / job.source)},
        "weights": {"path": job.weights.name, "sha256": sha256(job.weights)} if job.weights.exists() else None,
        "backend": backend.name,
        "devices": {"asked": job.devices, "used": list(result.devices) if result else None},
        "seed": job.seed,
        "precision": job.precision,
        "recipe": job.recipe.model_dump(mode="json"),
        "steps": job.steps,
        "pictures": "built-in" if job.built_in else str(job.pictures),
        "result": figures.model_dump(mode="json") if figures else None,
        "versions": versions(backend),
        "platform": platform.platform(),
    }


def versions(backend: Backend) -> dict[str, str]:
    """The versions of Python, archc, the backend and the distributions that the backend requires."""
    owner = distribution_of(backend.name)
    names = [
        DISTRIBUTION,
        owner,
        # A requirement begins with the distribution's name: `torch>=2.6; extra == "cpu"`.
        *(re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in distribution(owner).requires or ()),
    ]
    found = {"python": platform.python_version()}
    for name in dict.fromkeys(names):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # required on other systems, or by an extra that is not installed
            continue
    return found


def sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
