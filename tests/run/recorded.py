"""Folders of runs as `archc train` leaves them, for the commands that read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Event = dict[str, Any]


def step(number: int, loss: float | None, *, top1: int | None = 4, lr: float = 0.01) -> Event:
    """The event of a step whose batch has eight examples."""
    found = {"event": "step", "seconds": number / 10, "step": number, "epoch": (number - 1) // 10, "loss": loss}
    return {**found, "lr": lr, "top1": top1, "count": 8, "waited": 0.001, "pictures_per_second": 80.0}


def held_out(event: str, top1: int | None, *, loss: float = 0.5) -> Event:
    """The event of a test on 20 held-out examples: after an epoch, or at the end."""
    return {"event": event, "seconds": 9.0, "test": "center", "count": 20, "top1": top1, "top5": 20, "loss": loss}


def write_run(run: Path, *events: Event, steps: int = 30, tail: str = "") -> Path:
    """Write the record of a run with these events after its start."""
    run.mkdir(parents=True, exist_ok=True)
    devices = {"event": "devices", "seconds": 0.0, "used": ["cpu"]}
    start = {"event": "start", "seconds": 0.1, "name": "tiny", "steps": steps, "batch": 8}
    (run / "metrics.jsonl").write_text("".join(json.dumps(event) + "\n" for event in (devices, start, *events)) + tail)
    return run


def write_receipt(run: Path, status: str, **facts: Any) -> None:
    """Write a receipt with the fields that a list of runs needs."""
    ended = None if status == "running" else "2026-11-27T13:36:47+00:00"
    base = {
        "status": status,
        "started": "2026-11-27T13:31:42+00:00",
        "ended": ended,
        "spec": {"path": "specs/tiny.yaml"},
    }
    more = {"backend": "torch", "devices": {"asked": 2, "used": ["cpu", "cpu"]}, "weights": None, "result": None}
    (run / "receipt.json").write_text(json.dumps({**base, **more, **facts}))


def write_outcomes(root: Path) -> Path:
    """Write runs of each outcome that a folder can show without a process."""
    result = {"count": 20, "top1": 18, "loss": 0.4}
    complete = write_run(root / "tiny-1", *(step(at, 2 / at) for at in range(1, 31)), held_out("end", 18))
    weights = {"path": "weights.safetensors", "sha256": "0" * 64}
    write_receipt(complete, "complete", result=result, weights=weights)
    (complete / "weights.safetensors").touch()
    write_receipt(
        write_run(root / "tiny-2", step(1, 2.0), step(2, None)), "diverged", started="2026-11-27T13:32:00+00:00"
    )
    late = {"started": "2026-11-27T13:33:00+00:00", "backend": "keras", "overfit_batches": 2}
    write_receipt(write_run(root / "tiny-3", step(1, 2.0), held_out("epoch", 9), step(2, 1.5)), "interrupted", **late)
    trial = {"started": "2026-11-27T13:34:00+00:00", "fast_dev_run": True, "result": {**result, "top1": None}}
    write_receipt(
        write_run(root / "tiny-4", step(1, 2.0, top1=None), step(2, 1.0, top1=None), steps=2), "complete", **trial
    )
    cut = {"started": "2026-11-27T13:35:00+00:00", "ended": "2026-11-27T13:35:04+00:00", "weights": weights}
    write_receipt(write_run(root / "tiny-5", step(1, 2.0)), "failed", **cut)
    (write_run(root / "tiny-6", step(1, 2.0)) / "receipt.json").write_text('{"status": ')
    return root
