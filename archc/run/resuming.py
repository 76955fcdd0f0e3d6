"""A run that goes on, or that is repeated: from which checkpoint, and whether it is still the same run."""

from __future__ import annotations

import shlex
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from archc.backend import EmittedSource
from archc.failure import ENVIRONMENT, FINDING, USAGE, Failure
from archc.files import hold, remove_parts, reserve, write_durably
from archc.passes.placement import Placement
from archc.run.folder import describe_run, write_job
from archc.run.receipt import ROOM, recorded_spec, sha256, values_tried
from archc.run.setup import Options, Setup
from archc.training import checkpoint
from archc.training.checkpoint import STATE, Checkpoint
from archc.training.description import read_description
from archc.training.job import Job, PlannedStep, Resume, read_job
from archc.training.receipt import place_of_receipt
from archc.training.record import is_running
from archc.training.result import is_complete, place_of_result, read_result
from archc.training.saver import kept_in
from archc.wording import joined

NEWEST = "auto"
"""The value of `--resume` for the newest checkpoint that is sound. A run that has none starts from the beginning."""

FIXED = (
    *("name", "inputs", "output", "seed", "precision", "form", "built_in", "bad_pictures"),
    *("fast_dev_run", "overfit_batches"),
)
"""What of a job stays the same."""

AS_IT_BEGAN = "a run goes on as it began; start a new run for that"

DECIDING = ("devices", "strategy", "steps", "seed", "precision", "fast_dev_run", "overfit_batches")
"""What of a job decides about its weights, besides the recipe and the data."""


@dataclass(frozen=True)
class Earlier:
    """A run that goes on, from a checkpoint or from the beginning."""

    job: Job
    backend: str
    resume: Resume | None = None
    damaged: tuple[str, ...] = ()
    """What is wrong with later checkpoints."""
    is_repeated: bool = False
    """Whether the run is not to go on, but another one is to do the same."""

    @property
    def spec(self) -> Path:
        """The spec as the run began."""
        return self.job.run / "spec.yaml"

    @property
    def sets(self) -> tuple[str, ...]:
        """The values that were tried with `--set` when the run began, as its receipt lists them."""
        return values_tried(self.job.run)


def earlier_run(run: Path | None, wanted: str | None) -> Earlier | None:
    """The run in a folder, at the checkpoint that is wanted; None if a new one is to start."""
    if wanted is None:
        return None
    if wanted != NEWEST and not wanted.isdecimal():
        help = f"use `--resume {NEWEST}`, or the number of a step"
        if run is None and is_run(Path(wanted)):
            help = f"use `--run {shlex.quote(wanted)} --resume {NEWEST}`"
        raise Failure(f"`--resume {wanted}` is not a step", help, USAGE)
    if run is None:
        raise Failure("`--resume` needs a run", "name its folder: `--run DIR`", USAGE)
    folder = run.resolve()
    if not (folder / "job.json").is_file():
        if wanted == NEWEST and (not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))):
            return None
        raise Failure(f"{run} has no run to go on with", "omit `--resume` to start one in a new folder", USAGE)
    job, backend = _read(folder)
    if is_running(folder):
        raise Failure(f"the run in {run} has not ended", "wait for its end, or end it: Ctrl-C", USAGE)
    if wanted == NEWEST and not checkpoint.steps(folder):
        return Earlier(job, backend)
    found, damaged = _found(folder, wanted)
    kept = kept_in(found.files[STATE])
    at = Resume(step=found.step, epochs=kept.position.epochs, recorded=kept.recorded, seconds=kept.seconds)
    return Earlier(job, backend, at, damaged)


def repeated_run(run: Path | None) -> Earlier | None:
    """The run in a folder, to be done again in another one."""
    if run is None:
        return None
    folder = run.resolve()
    if not is_run(folder):
        help = (
            f"use `--from-receipt {shlex.quote(str(run.parent))}`" if is_run(run.parent) else "`archc runs` lists runs"
        )
        raise Failure(f"{run} is not the folder of a run", help, USAGE)
    return Earlier(*_read(folder), is_repeated=True)


def is_run(folder: Path) -> bool:
    """Whether a folder is that of a run that `archc train` has started."""
    return (folder / "job.json").is_file() and (folder / "spec.yaml").is_file()


def told_run(run: Path | None, wanted: str | None) -> Earlier | None:
    """The run that another process goes on with, if its folder can be read on this machine."""
    has_job = wanted is not None and run is not None and (run / "job.json").is_file()
    return repeated_run(run) if has_job else None


def _read(folder: Path) -> tuple[Job, str]:
    """The job of the run in a folder, and its backend; a Failure if its spec is not that with which it began."""
    _check_spec(folder)
    job = read_job(folder / "job.json").model_copy(update={"run": folder})
    return job, read_description(folder).backend


def _check_spec(folder: Path) -> None:
    file, help = folder / "spec.yaml", "restore the file, or start a new run"
    if not file.is_file():
        raise Failure(f"{file} is missing", help, FINDING)
    began, now = recorded_spec(folder), sha256(file.read_bytes())
    if began not in (None, now):
        raise Failure(f"{file} has changed since the run began: its SHA-256 is {now}, not {began}", help, FINDING)


def _found(folder: Path, wanted: str) -> tuple[Checkpoint, tuple[str, ...]]:
    if wanted == NEWEST:
        found, failures = checkpoint.newest(folder)
        damaged = tuple(failure.message for failure in failures)
        if found is None:
            raise Failure(f"no checkpoint is sound: {'; '.join(damaged)}", "start a new run", FINDING)
        return found, damaged
    there = checkpoint.steps(folder)
    if int(wanted) not in there:
        known = f"there are those of {', '.join(map(str, there))}" if there else "there are none"
        raise Failure(f"{folder} has no checkpoint of step {wanted}: {known}", f"use `--resume {NEWEST}`", USAGE)
    return checkpoint.load(folder, int(wanted)), ()


def backend_of(earlier: Earlier | None, asked: str | None) -> str | None:
    """The backend that is asked for, or else that of an earlier run; a Failure if a run is to go on with another one,
    which the state does not fit."""
    if earlier is None:
        return asked
    if asked not in (None, earlier.backend) and not earlier.is_repeated:
        message = f"the run was trained by the backend `{earlier.backend}`, and `{asked}` is asked for"
        raise Failure(message, "omit `--backend`, or start a new run", USAGE)
    return asked or earlier.backend


def options_of(earlier: Earlier, asked: Options) -> Options:
    """The options of a run that goes on: where none is given, they are as before."""
    job, overrides = earlier.job, asked.overrides
    devices = asked.devices or job.devices
    limits: dict[str, Any] = {"steps": overrides.steps, "epochs": overrides.epochs}
    if not any(limits.values()):
        limits = {"steps": job.steps} if job.steps else {"epochs": job.recipe.epochs}
    return replace(
        asked,
        devices=devices,
        strategy=asked.strategy or (job.strategy if devices > 1 else None),
        data=asked.data or (None if job.built_in else job.pictures),
        overrides=replace(
            overrides,
            batch=overrides.batch or job.recipe.batch,
            lr=overrides.lr or job.recipe.lr,
            **limits,
        ),
        seed=job.seed if asked.seed is None else asked.seed,
        precision=asked.precision or job.precision,
        timeout=asked.timeout or job.timeout,
        checkpoint_every=asked.checkpoint_every or job.checkpoint_every,
        keep=asked.keep or job.keep,
        bad_pictures=asked.bad_pictures or job.bad_pictures,
        tensorboard=asked.tensorboard or job.tensorboard,
        gradient_norms=asked.gradient_norms or (job.gradient_norms.every if job.gradient_norms else None),
        fast_dev_run=asked.fast_dev_run or job.fast_dev_run,
        overfit_batches=asked.overfit_batches or job.overfit_batches,
    )


def compared(run: Path, repeated: Path) -> str:
    """Whether a run has given the weights of the one that it repeats, and what may be the reason if not."""
    own, other = read_result(run), read_result(repeated)
    if other is None or other.weights is None or own is None:
        return f"{repeated} has no weights to compare with"
    if own.weights == other.weights:
        return f"the weights are those of {repeated}, to the bit"
    if other.figures is None:
        return f"{repeated} ended before its last step, so its weights are not compared"
    if own.data and other.data and own.data.sha256 != other.data.sha256:
        return f"the weights are not those of {repeated}, which had other data"
    changed = _changed(_read(repeated.resolve()), _read(run))
    why = f"which differs in {joined(changed)}" if changed else "to the bit"
    return f"the weights are not those of {repeated}, {why}"


def _changed(before: tuple[Job, str], now: tuple[Job, str]) -> list[str]:
    """What of a run that decides about its weights is another than before."""
    (old, old_backend), (new, new_backend) = before, now
    names = [name for name in DECIDING if getattr(old, name) != getattr(new, name)]
    recipe = _recipe(new)
    names += [name for name, value in _recipe(old).items() if recipe[name] != value]
    return (["backend"] if old_backend != new_backend else []) + [name.replace("_", " ") for name in names]


def _recipe(job: Job) -> dict[str, Any]:
    return {"lr": job.recipe.lr, **job.recipe.model_dump(mode="json", exclude={"optimizer"})}


@contextmanager
def resumed_folder(
    earlier: Earlier,
    setup: Setup,
    source: EmittedSource,
    *,
    placement: Placement | None,
    whole: EmittedSource,
    planned: PlannedStep,
) -> Generator[Job]:
    """Write into the run's folder what it needs to go on; the job."""
    folder = earlier.job.run
    job = setup.job(folder, source, placement, planned).model_copy(update={"resume": earlier.resume})
    _check_same(earlier.job, job)
    remove_parts(folder)
    with _left_as_it_was(job):
        try:
            reserve(place_of_receipt(folder), ROOM)
            write_durably(folder / job.source, source.text.encode())  # on another number of devices, it is another one
        except OSError as error:
            raise Failure(f"cannot write into {folder}: {error.strerror}", code=ENVIRONMENT) from error
        write_job(job)
        describe_run(job, source, whole, setup.backend)
        with job.file.open("r+b") as file:
            hold(file)
            yield job


@contextmanager
def _left_as_it_was(job: Job) -> Generator[None]:
    """Put the files of a run back if it has not gone on within the context, as its record shows."""
    record, starts_anew = job.run / "metrics.jsonl", job.resume is None
    kinds = (".json", ".py", *([".jsonl"] if starts_anew else []))
    before = _contents(job.run, kinds)
    if starts_anew:
        for file in (record, place_of_result(job.run)):
            file.unlink(missing_ok=True)
    was = _stamp(record)
    try:
        yield
    finally:
        remove_parts(job.run)
        if _stamp(record) == was:
            with suppress(OSError):  # what ended the run is to be reported
                now = _contents(job.run, kinds)
                for file in now.keys() - before.keys():
                    file.unlink()
                for file, data in before.items() - now.items():
                    write_durably(file, data)


def _contents(folder: Path, kinds: tuple[str, ...]) -> dict[Path, bytes]:
    """The files in a folder with these suffixes."""
    return {file: file.read_bytes() for file in folder.iterdir() if file.suffix in kinds and file.is_file()}


def _stamp(file: Path) -> tuple[int, int] | None:
    """What changes when a file is written; None if there is none."""
    found = file.stat() if file.exists() else None
    return found and (found.st_size, found.st_mtime_ns)


def notes(earlier: Earlier, job: Job) -> list[str]:
    """What changes, one line for each."""
    if job.devices == earlier.job.devices:
        return []
    return [
        f"devices: {job.devices} instead of {earlier.job.devices}; batches, draws and masks are the same, sums over "
        "devices are added up in another order"
    ]


def has_ended(earlier: Earlier, asked: Options) -> bool:
    """Whether a run is complete, and is not asked to go on for longer."""
    job, overrides = earlier.job, asked.overrides
    if not is_complete(job.run):
        return False
    if overrides.steps:
        return overrides.steps <= (job.steps or 0)
    return overrides.epochs is None or (job.steps is None and overrides.epochs <= job.recipe.epochs)


def check_asked(earlier: Earlier, asked: Options) -> None:
    """Raise a Failure for the first option that asks for something else than a run that has ended."""
    job = earlier.job
    wanted = {
        "seed": asked.seed,
        "precision": asked.precision,
        "batch": asked.overrides.batch,
        "lr": asked.overrides.lr,
    }
    had = {"seed": job.seed, "precision": job.precision, "batch": job.recipe.batch, "lr": job.recipe.lr}
    for name, value in wanted.items():
        if value is not None:
            _check_equal(name, had[name], value)


def _check_equal(name: str, old: object, new: object) -> None:
    if old != new:
        raise Failure(f"the run has {name.replace('_', ' ')} {old}, and {new} is asked for", AS_IT_BEGAN, USAGE)


def _check_same(before: Job, now: Job) -> None:
    """Raise a Failure for the first thing that must not change."""
    help = AS_IT_BEGAN
    for name in FIXED:
        _check_equal(name, getattr(before, name), getattr(now, name))
    strategies = {job.strategy for job in (before, now) if job.devices > 1}
    if strategies - {"data"} and (before.strategy, before.devices) != (now.strategy, now.devices):
        message = f"the run has {before.devices} devices by `{before.strategy}`: only those of `data` can change"
        raise Failure(message, help, USAGE)
    for name in ("batch", "lr"):  # of a recipe, what options change
        _check_equal(name, getattr(before.recipe, name), getattr(now.recipe, name))
    same = {"epochs": now.recipe.epochs}
    old, new = (job.recipe.model_copy(update=same).model_dump(mode="json") for job in (before, now))
    for name, value in new.items():
        if old[name] != value:
            raise Failure(f"the run has another `{name}` in its recipe than is asked for", help, USAGE)
    if now.resume is not None:
        _check_length(now, now.resume, help)


def _check_length(now: Job, at: Resume, help: str) -> None:
    """Raise a Failure if a run is to end before the checkpoint from which it goes on."""
    if now.steps is not None and now.steps < at.step:
        raise Failure(f"the checkpoint is that of step {at.step}, after `--steps {now.steps}`", help, USAGE)
    if now.steps is None and now.recipe.epochs < at.epochs:
        message = (
            f"the checkpoint is that of step {at.step}, in epoch {at.epochs}, after `--epochs {now.recipe.epochs}`"
        )
        raise Failure(message, help, USAGE)
