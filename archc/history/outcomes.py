"""The runs in a folder, each with its outcome, also those that still go on, were cut off, or are damaged."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from archc.failure import USAGE, Failure
from archc.history.events import FILE, HeldOut, Resumed, Start, Step, latest
from archc.training.receipt import place_of_receipt
from archc.training.record import is_running

MARKS = ("receipt.json", "job.json", FILE)
"""A folder with one of these files is that of a run."""


@dataclass(frozen=True)
class Outcome:
    """A run, as far as its folder tells."""

    run: Path
    status: str
    """That of its receipt, such as `complete`; `running` if a process works on it, and `damaged` with `problem`."""
    problem: str = ""
    network: str | None = None
    spec: str | None = None
    """The spec's path, as it was given."""
    backend: str | None = None
    devices: int | None = None
    step: int = 0
    """Optimiser steps that were taken."""
    steps: int | None = None
    """Optimiser steps that were asked for; None if training has not begun."""
    held_out: HeldOut | None = None
    """The final test, or the last one after an epoch."""
    started: datetime | None = None
    seconds: float | None = None
    """From the start to the end, to now, or to the last sign of life."""
    fast_dev_run: bool = False
    overfit_batches: int | None = None


def outcomes(folder: Path) -> list[Outcome]:
    """The runs in a folder in the order in which they started, or the folder itself if it is that of a run."""
    if not folder.is_dir():
        help = "start a run: `archc train`, or name the folder of runs: `archc runs DIR`"
        raise Failure(f"there are no runs: {folder} is not a folder", help, USAGE)
    try:
        places = [folder] if _is_run(folder) else sorted(place for place in folder.iterdir() if _is_run(place))
    except OSError as error:
        raise Failure(f"cannot read {error.filename}: {error.strerror}") from error
    found = [outcome(place) for place in places]
    return sorted(found, key=lambda each: each.started or _last_sign(each.run))


def outcome(run: Path) -> Outcome:
    """The outcome of the run in a folder, of which a part may be missing or damaged."""
    if problem := _closed(run):
        return Outcome(run, status="damaged", problem=problem)
    runs = is_running(run)
    start, step = latest(run, Start, "start"), latest(run, Step, "step")
    goal = latest(run, Resumed, "resume") or start
    try:
        receipt = _read(place_of_receipt(run))
        problem = _missing_weights(run, receipt) if receipt and not runs else ""
    except ValueError as error:
        receipt, problem = None, f"receipt.json {error}"
    ended = receipt.ended if receipt else None
    began = receipt.started if receipt else None
    until = ended or (datetime.now(UTC) if runs else _last_sign(run))
    held_out = _held_out(run, receipt)
    return Outcome(
        run,
        status="damaged" if problem else "running" if runs else _status(receipt, held_out),
        problem=problem,
        network=start.name if start else None,
        spec=receipt.spec.path if receipt else None,
        backend=receipt.backend if receipt else None,
        devices=receipt.devices.asked if receipt else None,
        step=step.step if step else 0,
        steps=goal.steps if goal else None,
        held_out=held_out,
        started=began,
        seconds=(until - began).total_seconds() - receipt.seconds_stopped if receipt and began else None,
        fast_dev_run=receipt.fast_dev_run if receipt else False,
        overfit_batches=receipt.overfit_batches if receipt else None,
    )


class _Part(BaseModel):
    # A later archc may write more fields.
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Spec(_Part):
    path: str


class _Devices(_Part):
    asked: int


class _Weights(_Part):
    path: str


class _Result(_Part):
    count: int
    top1: int | None
    loss: float | None


class _Resumed(_Part):
    started: AwareDatetime
    stopped: AwareDatetime | None = None


class _Receipt(_Part):
    status: str
    started: AwareDatetime
    ended: AwareDatetime | None
    spec: _Spec
    backend: str
    devices: _Devices
    weights: _Weights | None
    result: _Result | None
    fast_dev_run: bool = False
    overfit_batches: int | None = None
    resumed: tuple[_Resumed, ...] = ()

    @property
    def seconds_stopped(self) -> float:
        """The seconds in which nothing worked on the run, between its end and the time that it went on."""
        return sum((each.started - each.stopped).total_seconds() for each in self.resumed if each.stopped)


def _read(place: Path) -> _Receipt | None:
    """The receipt, or None if there is none; a ValueError with the reason if it is damaged."""
    try:
        return _Receipt.model_validate(json.loads(place.read_bytes()))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        raise ValueError(f"is wrong: {'.'.join(map(str, problem['loc']))}: {problem['msg']}") from error
    except ValueError as error:
        raise ValueError("is not JSON") from error


def _status(receipt: _Receipt | None, held_out: HeldOut | None) -> str:
    """The status of a run that no process works on."""
    if receipt is not None and receipt.status != "running":
        return receipt.status
    # A machine that stops leaves a receipt that nobody has closed. A backend that was started by hand writes none.
    return "complete" if receipt is None and held_out is not None and held_out.event == "end" else "interrupted"


def _missing_weights(run: Path, receipt: _Receipt) -> str:
    if receipt.weights is None or (run / receipt.weights.path).is_file():
        return ""
    return f"{receipt.weights.path} is missing"


def _held_out(run: Path, receipt: _Receipt | None) -> HeldOut | None:
    if receipt and (result := receipt.result):
        return HeldOut(event="end", seconds=0, count=result.count, top1=result.top1, loss=result.loss)
    return latest(run, HeldOut, "end") or latest(run, HeldOut, "epoch")


def _last_sign(run: Path) -> datetime:
    marks = [] if _closed(run) else [run / name for name in MARKS if (run / name).exists()]
    return datetime.fromtimestamp(max(each.stat().st_mtime for each in marks or [run]), UTC)


def _is_run(place: Path) -> bool:
    return bool(_closed(place)) or any((place / name).is_file() for name in MARKS)


def _closed(place: Path) -> str:
    """Why nobody can look into a folder; empty if that is possible."""
    try:
        (place / FILE).stat()
    except PermissionError as error:
        return f"cannot be read: {error.strerror}"
    except OSError:  # a folder without that file, or not a folder
        pass
    return ""
