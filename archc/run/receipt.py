"""The receipt of a run: what went in, what came out, with checksums, so that it can be repeated and checked."""

from __future__ import annotations

import hashlib
import json
import platform
import re
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

from archc.backend import Backend, distribution_of
from archc.files import write_whole
from archc.training.job import Job

STATUS = {0: "complete", 130: "interrupted"}


def write_receipt(job: Job, spec: Path, backend: Backend, *, started: datetime, command: str, code: int) -> None:
    """Write receipt.json into the run's folder, whatever became of the run."""
    events = _events(job.run / "metrics.jsonl")
    receipt = {
        "status": STATUS.get(code, "failed"),
        "exit_code": code,
        "command": command,
        "started": started.isoformat(timespec="seconds"),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "spec": {"path": str(spec), "sha256": sha256(job.run / "spec.yaml")},
        "source": {"path": job.source, "sha256": sha256(job.run / job.source)},
        "weights": {"path": job.weights.name, "sha256": sha256(job.weights)} if job.weights.exists() else None,
        "backend": backend.name,
        "devices": {"asked": job.devices, "used": events.get("devices", {}).get("used")},
        "seed": job.seed,
        "precision": job.precision,
        "recipe": job.recipe.model_dump(mode="json"),
        "steps": job.steps,
        "pictures": "built-in" if job.built_in else str(job.pictures),
        "result": events.get("end"),
        "versions": versions(backend),
        "platform": platform.platform(),
    }
    text = json.dumps(receipt, indent=2, ensure_ascii=False) + "\n"
    write_whole(job.run / "receipt.json", text.encode())


def versions(backend: Backend) -> dict[str, str]:
    """Of Python, archc, the backend and all that the backend asks for."""
    owner = distribution_of(backend.name)
    names = [
        "archc",
        owner,
        *(re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in distribution(owner).requires or ()),
    ]
    found = {"python": platform.python_version()}
    for name in dict.fromkeys(names):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _events(metrics: Path) -> dict[str, dict[str, object]]:
    """The last event of each kind that the run wrote down; the last line of a killed run may be half a line."""
    if not metrics.exists():
        return {}
    found: dict[str, dict[str, object]] = {}
    for line in metrics.read_text(encoding="utf-8").splitlines():
        with suppress(json.JSONDecodeError):
            event = json.loads(line)
            found[event["event"]] = event
    return found
