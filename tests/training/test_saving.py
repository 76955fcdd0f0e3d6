"""Checkpoints of a run in this process, with a small trainer: when they are saved, and going on from them."""

import errno
import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from regression import CLASSES, Points, Regression, points, recorded
from safetensors.numpy import load

from archc.failure import Failure
from archc.language.schedules import OnPlateau, Schedule
from archc.signals import Stopped
from archc.training import checkpoint, saver
from archc.training.job import Job, Resume
from archc.training.journal import Journal
from archc.training.loop import Asks, Stepped, train
from archc.training.result import read_result
from archc.training.saver import kept_in
from archc.training.score import BatchScore


def go(job: Job, *, stop: Callable[[], int | None] = lambda: None, spread: float = 0.3) -> Regression:
    """Train on 90 points in batches of 8: epochs of 11 steps."""
    values, labels = points(130, spread=spread)
    trainer = Regression(job.recipe, (values[:90], labels[:90]), (values[90:], labels[90:]))
    with Journal(job.run, devices=["CPU"], active=True, resume=job.resume) as journal:
        train(job, trainer, journal, examples=90, classes=CLASSES, stop=stop)
    return trainer


def resumed(job: Job, run: Path, **changes: Any) -> Job:
    """The job that goes on from the newest checkpoint in `run`."""
    found, _ = checkpoint.newest(run)
    assert found is not None
    kept = kept_in(found.files[checkpoint.STATE])
    resume = Resume(step=found.step, recorded=kept.recorded, seconds=kept.seconds)
    return job.model_copy(update={"run": run, "resume": resume, **changes})


def after(steps: int) -> Callable[[], int | None]:
    """Asks to end in the step with this number. Each step asks once, and so does each test, after 11 steps."""
    calls = iter(range(1, 1000))
    return lambda: signal.SIGTERM if next(calls) >= steps + (steps - 1) // 11 else None


@pytest.fixture
def job(job: Job) -> Job:
    schedule = Schedule(on_plateau=OnPlateau(factor=0.1, times=2, patience=1))
    recipe = job.recipe.model_copy(update={"schedule": schedule, "epochs": 4})
    return job.model_copy(update={"recipe": recipe, "output": (CLASSES,)})


@pytest.mark.parametrize("step", [1, 4, 11, 12, 22, 43, 44])
def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(job: Job, tmp_path: Path, step: int) -> None:
    """In an epoch and at its end: the same weights to the bit, the same record, the same best weights."""
    whole, parts = (job.model_copy(update={"run": tmp_path / name}) for name in ("whole", "parts"))
    whole.run.mkdir()
    parts.run.mkdir()
    expected = go(whole, spread=2)
    with pytest.raises(Stopped) as stop:
        go(parts, stop=after(step), spread=2)
    assert stop.value.number == signal.SIGTERM
    assert checkpoint.steps(parts.run) == [step]
    weights = checkpoint.load(parts.run, step).files[checkpoint.WEIGHTS]
    assert {name: value.astype(np.float32).tobytes() for name, value in load(weights).items()} == {
        name: value.tobytes() for name, value in load(parts.weights.read_bytes()).items()
    }
    trainer = go(resumed(parts, parts.run), spread=2)
    np.testing.assert_array_equal(trainer.values, expected.values)
    for kind in ("step", "epoch", "end"):
        ours, theirs = (
            [{key: value for key, value in event.items() if key not in TIMES} for event in recorded(each, kind)]
            for each in (parts, whole)
        )
        assert ours == theirs, kind
    for name in ("weights.safetensors", "best.safetensors"):
        assert (parts.run / name).read_bytes() == (whole.run / name).read_bytes()
    assert [event["step"] for event in recorded(parts, "resume")] == [step]
    ours, theirs = read_result(parts.run), read_result(whole.run)
    assert ours is not None and theirs is not None
    assert (ours.figures, ours.best, ours.weights) == (theirs.figures, theirs.best, theirs.weights)


TIMES = ("seconds", "pictures_per_second", "waited")


def test_a_state_that_does_not_fit_costs_nothing(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as that of another version of the framework: what there is stays, with the record and later checkpoints."""
    run = tmp_path / "run"
    run.mkdir()
    whole = job.model_copy(update={"run": run, "checkpoint_every": 11})
    go(whole)
    go(resumed(whole, run, steps=55))
    checkpoint.save(run, 60, checkpoint.load(run, 55).files)
    earlier = resumed(whole, run, steps=66).model_copy(update={"resume": Resume(step=55, recorded=99, seconds=1)})
    before = {file: file.read_bytes() for file in run.rglob("*") if file.is_file()}

    def restore(_: Regression, state: object) -> None:
        raise KeyError("groups")

    monkeypatch.setattr(Regression, "restore", restore)
    with pytest.raises(KeyError):
        go(earlier)
    assert {file: file.read_bytes() for file in run.rglob("*") if file.is_file()} == before


def test_a_stop_during_a_test_goes_on_with_the_test(job: Job, tmp_path: Path) -> None:
    calls = iter(range(1, 1000))
    with pytest.raises(Stopped):
        go(job, stop=lambda: signal.SIGTERM if next(calls) == 12 else None)
    assert checkpoint.steps(job.run) == [11]
    assert recorded(job, "epoch") == []
    go(resumed(job, job.run))
    assert [event["epoch"] for event in recorded(job, "epoch")] == [0, 1, 2, 3]


def test_they_are_saved_every_so_many_steps_and_the_newest_and_the_best_are_kept(job: Job) -> None:
    seen: list[list[int]] = []
    rotate = checkpoint.rotate

    def watched(run: Path, *, keep: int, best: int | None) -> None:
        rotate(run, keep=keep, best=best)
        seen.append(checkpoint.steps(run))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "rotate", watched)
        patch.setattr(saver, "SPACING", 0.0)
        go(job.model_copy(update={"checkpoint_every": 5, "keep": 2}))
    best = read_result(job.run)
    assert best is not None and best.best is not None
    assert seen[:4] == [[5], [5, 10], [10, 11], [11, 15]]
    assert all(best.best.step in steps for steps in seen[:-1] if max(steps) > best.best.step), (
        "that of the best epoch stays"
    )
    assert seen[-1] == [44], "a complete run can be made longer"


def test_a_full_disk_keeps_the_one_before(
    job: Job, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save = checkpoint.save

    def full(run: Path, step: int, files: Any) -> None:
        if step == 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        save(run, step, files)

    monkeypatch.setattr(checkpoint, "save", full)
    go(job.model_copy(update={"checkpoint_every": 5, "steps": 10}))
    told = capsys.readouterr().err
    assert told == "warning: cannot save the checkpoint of step 10: No space left on device; that of step 5 stays\n"
    assert checkpoint.steps(job.run) == [5]


class Broken(Regression):
    """The seventh step meets a value that is not finite."""

    def step(self, batch: Points, lr: float, asks: Asks, *, squares: bool = False) -> Stepped:
        self.taken = getattr(self, "taken", 0) + 1
        if self.taken == 7:
            return Stepped(BatchScore(0.5, None, 8), asks, "the gradient of fc.weight")
        return super().step(batch, lr, asks, squares=squares)


def test_a_gradient_that_is_not_finite_ends_the_run_before_the_update(job: Job) -> None:
    values, labels = points(130, spread=0.3)
    trainer = Broken(job.recipe, (values[:90], labels[:90]), (values[90:], labels[90:]))
    job = job.model_copy(update={"checkpoint_every": 6})
    with Journal(job.run, devices=["CPU"], active=True) as journal, pytest.raises(Failure) as failure:
        train(job, trainer, journal, examples=90, classes=CLASSES)
    assert failure.value.message.startswith(
        "training diverged: a gradient is not finite at step 7; the gradient of fc.weight is the first value that is "
        "not finite. The first loss, 1.39"
    )
    assert failure.value.help.endswith(". The checkpoint of step 6 is from before")
    kept = load(checkpoint.load(job.run, 6).files[checkpoint.WEIGHTS])["fc.weight"]
    np.testing.assert_array_equal(trainer.values, kept)


def test_a_damaged_checkpoint_is_named_and_the_one_before_it_is_used(tmp_path: Path) -> None:
    files = {name: name.encode() for name in (checkpoint.WEIGHTS, checkpoint.OPTIMIZER, checkpoint.STATE)}
    for step in (4, 8, 12, 16, 20):
        checkpoint.save(tmp_path, step, files)
    damage = {
        8: ("optimizer.safetensors", b"optimizer.safetensorS", "is damaged: its SHA-256 is not that of manifest.json"),
        12: ("weights.safetensors", b"weights", "is damaged: its SHA-256 is not that of manifest.json"),
        16: ("manifest.json", b"{", "is damaged: Invalid JSON: EOF while parsing an object at line 1 column 1"),
    }
    for step, (name, data, _) in damage.items():
        (checkpoint.place(tmp_path, step) / name).write_bytes(data)
    (checkpoint.place(tmp_path, 20) / "state.json").unlink()
    found, wrong = checkpoint.newest(tmp_path)
    assert found is not None and (found.step, found.files) == (4, files)
    messages = [failure.message for failure in wrong]
    assert messages[0] == f"cannot read {checkpoint.place(tmp_path, 20) / 'state.json'}: No such file or directory"
    for (step, (name, _, reason)), message in zip(reversed(damage.items()), messages[1:], strict=True):
        assert message == f"{checkpoint.place(tmp_path, step) / name} {reason}"


@pytest.mark.parametrize("left", range(5))
def test_a_kill_in_the_middle_of_a_save_leaves_the_checkpoint_before(tmp_path: Path, left: int) -> None:
    """Whatever a killed process has written of a checkpoint, it is none until it is renamed."""
    names = (checkpoint.WEIGHTS, checkpoint.OPTIMIZER, checkpoint.STATE)
    files = {name: name.encode() * 9 for name in names}
    checkpoint.save(tmp_path, 4, files)
    checkpoint.save(tmp_path, 8, files)
    written = [*names, checkpoint.MANIFEST]
    for name in written[left:]:
        (checkpoint.place(tmp_path, 8) / name).unlink()
    checkpoint.place(tmp_path, 8).rename(checkpoint.folder(tmp_path) / ".step-00000008.part")
    found, wrong = checkpoint.newest(tmp_path)
    assert found is not None and (found.step, wrong) == (4, [])
    checkpoint.save(tmp_path, 8, files)
    checkpoint.remove_after(tmp_path, 8)
    assert checkpoint.steps(tmp_path) == [4, 8]
    assert sorted(entry.name for entry in checkpoint.folder(tmp_path).iterdir()) == ["step-00000004", "step-00000008"]


def test_a_state_of_another_version_is_refused_by_name(job: Job) -> None:
    go(job.model_copy(update={"steps": 4}))
    state = checkpoint.place(job.run, 4) / checkpoint.STATE
    data = json.dumps(json.loads(state.read_bytes()) | {"new": 1}).encode()
    files = checkpoint.load(job.run, 4).files
    shutil.rmtree(checkpoint.place(job.run, 4))
    checkpoint.save(job.run, 4, {**files, checkpoint.STATE: data})
    with pytest.raises(Failure, match="not one that this version of archc reads"):
        go(job.model_copy(update={"steps": 8, "resume": Resume(step=4, recorded=0, seconds=0)}))
