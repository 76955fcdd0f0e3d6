"""The record of a run for programs, and the lines for the person in front of it."""

import json
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from archc.failure import USAGE, Failure
from archc.training.job import Job
from archc.training.journal import Journal, has_begun
from archc.training.result import Figures, Result, read_result
from archc.training.score import Score

DEVICES = ("CPU 0", "CPU 1")
HALF = Score(count=8, top1=4, top5=6, loss_sum=10.0)


def events(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def a_run(job: Job, journal: Journal, losses: list[float]) -> None:
    with journal:
        journal.start(job, steps=len(losses), examples=64, classes=4)
        for step, loss in enumerate(losses, 1):
            journal.step(step, epoch=0, loss=loss, lr=0.5, top1=step + 1, count=8)
        journal.epoch(0, HALF, lr=0.05)
        journal.testing("ten_crop")
        journal.end(HALF, test="ten_crop")


def test_each_line_of_the_record_is_an_event(job: Job) -> None:
    a_run(job, Journal(job.run, devices=DEVICES, active=True), [6.91, 0.84])
    devices, start, first, second, epoch, end = events(job.run)
    assert devices["used"] == ["CPU 0", "CPU 1"]
    assert {key: start[key] for key in ("event", "name", "devices", "batch", "lr", "steps", "pictures", "classes")} == {
        "event": "start",
        "name": "tiny",
        "devices": 2,
        "batch": 8,
        "lr": 0.5,
        "steps": 2,
        "pictures": 64,
        "classes": 4,
    }
    assert [(e["event"], e["step"], e["loss"], e["lr"]) for e in (first, second)] == [
        ("step", 1, 6.91, 0.5),
        ("step", 2, 0.84, 0.5),
    ]
    assert (epoch["event"], epoch["epoch"], epoch["test"], epoch["lr"]) == ("epoch", 0, "center", 0.05)
    assert end.pop("event") == "end"
    assert {key: end[key] for key in end.keys() - {"seconds"}} == {
        "first_loss": 6.91,
        "last_loss": 0.84,
        "chance": 0.25,
        "test": "ten_crop",
        "count": 8,
        "top1": 4,
        "top5": 6,
        "loss": 1.25,
    }
    end.pop("seconds")
    assert read_result(job.run) == Result(devices=DEVICES, figures=Figures(**end))
    times = [event["seconds"] for event in events(job.run)]
    assert times == sorted(times)


def test_a_change_of_the_rate_is_that_since_the_last_step(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    """With a warm-up, the first steps have less than the recipe's 0.5."""
    with Journal(job.run, devices=DEVICES, active=True) as journal:
        journal.start(job, steps=2, examples=64, classes=4)
        journal.step(1, epoch=0, loss=2.0, lr=0.125, top1=2, count=8)
        journal.epoch(0, HALF, lr=0.25)
        journal.step(2, epoch=1, loss=2.0, lr=0.25, top1=2, count=8)
        journal.epoch(1, HALF, lr=0.25)
    first, second = (line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch"))
    assert first.endswith(", learning rate 0.125 -> 0.25") and "learning rate" not in second


def test_what_the_person_reads(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    a_run(job, Journal(job.run, devices=DEVICES, active=True), [6.91, 0.84])
    lines = capsys.readouterr().out.splitlines()
    lines = lines[lines.index(f"run       {job.run}") + 1 :]
    speed = r"[0-9.,]+ pictures/s  wait \d+ %"
    assert re.fullmatch(rf"step 1/2  loss 6\.91  top-1 25\.0 %  {speed}  first after .*", lines[0])
    assert re.fullmatch(rf"step 2/2  loss 0\.84  top-1 31\.2 %  {speed}  in .*", lines[1]), "of both steps of the epoch"
    assert lines[2:5] == [
        "epoch 1: held-out top-1 50.0 % (centre view), loss 1.25, learning rate 0.5 -> 0.05",
        "testing on the held-out pictures (ten views)",
        "loss 6.91 -> 0.84, held-out top-1 50.0 % (ten views), chance 25.0 %",
    ]
    assert len(lines) == 5


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_json_cannot_express_is_null(job: Job, loss: float) -> None:
    a_run(job, Journal(job.run, devices=DEVICES, active=True), [loss])
    steps = [event for event in events(job.run) if event["event"] == "step"]
    assert [event["loss"] for event in steps] == [None]


def test_a_line_is_on_disk_when_the_call_returns(job: Job) -> None:
    with Journal(job.run, devices=DEVICES, active=True) as journal:
        journal.start(job, steps=1, examples=8, classes=2)
        journal.step(1, epoch=0, loss=1.0, lr=0.5)
        assert [event["event"] for event in events(job.run)] == ["devices", "start", "step"]


def test_other_ranks_are_silent(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    a_run(job, Journal(job.run, devices=DEVICES, active=False), [1.0])
    assert capsys.readouterr().out == ""
    assert not (job.run / "metrics.jsonl").exists()
    assert read_result(job.run) is None


def test_a_second_writer_is_refused(job: Job) -> None:
    a_run(job, Journal(job.run, devices=DEVICES, active=True), [1.0])
    before = events(job.run)
    with pytest.raises(Failure, match=r"metrics\.jsonl exists: the run has been started before") as failure:
        Journal(job.run, devices=DEVICES, active=True)
    assert failure.value.code == USAGE
    assert events(job.run) == before


LIMITED = """
import resource, sys
from pathlib import Path
from archc.streams import guard
from archc.training.job import read_job
from archc.training.journal import Journal
from archc.training.score import Score

guard()
job = read_job(Path(sys.argv[1]))
# The most bytes that a file may have, instead of a disk that is full.
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
with Journal(job.run, devices=["CPU"], active=True) as journal:
    journal.reserve(job.weights, b"weights")
    journal.start(job, steps=30, examples=64, classes=4)
    for step in range(1, 31):
        if step == 29:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        journal.step(step, epoch=0, loss=1.0, lr=0.5)
    journal.save(job.weights, b"weights")
    journal.end(Score(8, 4, 6, 10.0), test="center")
"""


def limited(job: Job, limit: int, **streams: Any) -> subprocess.CompletedProcess[str]:
    (job.run / "job.json").write_text(job.model_dump_json())
    command = [sys.executable, "-c", LIMITED, str(job.run / "job.json"), str(limit)]
    return subprocess.run(command, stderr=subprocess.PIPE, text=True, check=True, **streams)


def test_a_record_that_cannot_be_written_does_not_end_the_run(job: Job) -> None:
    """Its lines are whole, a gap is counted, and it goes on as soon as it can."""
    limit = 17_001  # more than the room for result.json, so some of the lines have to be long
    done = limited(job.model_copy(update={"name": "a" * 15_000}), limit, stdout=subprocess.DEVNULL)
    place = job.run / "metrics.jsonl"
    reason = "File too large. The run goes on without such lines"
    assert done.stderr == f"warning: cannot write {place}: {reason}\n"
    steps = [event["step"] for event in events(job.run) if event["event"] == "step"]
    missing = 30 - len(steps)
    assert 5 < missing < 25
    assert steps == [*range(1, 29 - missing), 29, 30]
    result = read_result(job.run)
    assert result is not None and result.figures is not None
    assert (result.unrecorded, result.figures.count) == (missing, 8)
    assert sorted(file.name for file in job.run.iterdir()) == [
        "job.json",
        "metrics.jsonl",
        "result.json",
        "weights.safetensors",
    ]


def test_a_standard_output_that_cannot_be_written_does_not_end_the_run(job: Job) -> None:
    with Path("/dev/full").open("w") as full:
        done = limited(job, 1 << 20, stdout=full)
    reason = "No space left on device. The run goes on without it"
    assert done.stderr == f"warning: cannot write standard output: {reason}\n"
    result = read_result(job.run)
    assert result is not None and result.figures is not None


def test_a_disk_without_room_for_the_weights_ends_the_run_before_its_first_step(job: Job) -> None:
    with Journal(job.run, devices=DEVICES, active=True) as journal:
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
        try:
            with pytest.raises(OSError, match=r"File too large: .*/weights\.safetensors'"):
                journal.reserve(job.weights, bytes(100_000))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not has_begun(job.run)
    assert [file.name for file in job.run.iterdir()] == ["metrics.jsonl"]
