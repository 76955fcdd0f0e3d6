"""Runs by real processes: two ranks, one rank, and every way that a run can end early."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from archc.training import checkpoint
from archc.training.job import Job
from archc.training.result import Figures, Result, read_result

MakeJob = Callable[..., Job]

SHAPES = {
    "conv1.weight": (8, 3, 5, 5),
    "conv1.bias": (8,),
    "conv2.weight": (12, 4, 3, 3),
    "conv2.bias": (12,),
    "fc3.weight": (16, 432),
    "fc3.bias": (16,),
    "fc4.weight": (7, 16),
    "fc4.bias": (7,),
}


def start(job: Job, **settings: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "archc_torch.train", str(job.run / "job.json")]
    pipe = subprocess.PIPE
    environment = {**os.environ, **settings}
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, start_new_session=True, env=environment)


def finish(process: subprocess.Popen[str]) -> tuple[int, list[str], list[str]]:
    """The exit code, the lines of stdout and of stderr."""
    out, err = process.communicate(timeout=300)
    return process.returncode, out.splitlines(), err.splitlines()


def events(job: Job) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (job.run / "metrics.jsonl").read_text().splitlines()]


def test_two_ranks_compute_what_one_does(make_job: MakeJob) -> None:
    job, alone = make_job("two", steps=6), make_job("one", devices=1, steps=6)

    code, out, err = finish(start(job))
    assert (code, err) == (0, [])
    assert out[0] == "NO GPU FOUND: training in 2 CPU processes over gloo"
    assert any(line.startswith("loss ") and line.endswith("(ten views), chance 33.3 %") for line in out)
    kinds = [event["event"] for event in events(job)]
    assert kinds == ["devices", "start", *["step"] * 4, "epoch", *["step"] * 2, "end"]
    assert events(job)[0]["used"] == ["cpu", "cpu"]
    figures = {key: value for key, value in events(job)[-1].items() if key not in ("event", "seconds")}
    result = read_result(job.run)
    assert result is not None
    assert (result.devices, result.figures) == (("cpu", "cpu"), Figures(**figures))
    assert result.weights == hashlib.sha256(job.weights.read_bytes()).hexdigest()
    assert result.data is not None and result.data.files == 37

    code, out, err = finish(start(alone))
    assert (code, err) == (0, [])
    assert out[0] == "NO GPU FOUND: training on the CPU"

    for two, one in zip(events(job), events(alone), strict=True):
        assert two.get("loss", 0) == pytest.approx(one.get("loss", 0), rel=1e-4)
        assert [two.get(key) for key in ("count", "top1", "top5")] == [
            one.get(key) for key in ("count", "top1", "top5")
        ]
    assert events(job)[-1]["count"] == 13
    ours, theirs = load_file(job.weights), load_file(alone.weights)
    assert {name: array.shape for name, array in ours.items()} == SHAPES
    for name, array in ours.items():
        assert array.dtype == np.float32
        np.testing.assert_allclose(array, theirs[name], rtol=1e-3, atol=1e-5, err_msg=name)
    left = {file.name for file in job.run.iterdir()} - {"__pycache__"}
    named = {"job.json", "metrics.jsonl", "result.json", "small.py", "checkpoints"}
    assert left == named | {"statistics.safetensors", "weights.safetensors", "best.safetensors"}


def test_batch_normalisation_on_two_ranks_is_that_of_one(make_job: MakeJob) -> None:
    """Its means and variances are those of the whole batch, in steps and in what is saved."""
    job = make_job("two", steps=4, norm="SharedBatchNorm(8)")
    alone = make_job("one", devices=1, steps=4, norm="nn.BatchNorm2d(8)")
    for each in (job, alone):
        code, _, err = finish(start(each))
        assert (code, err) == (0, [])
    ours, theirs = load_file(job.weights), load_file(alone.weights)
    assert {name for name in ours if name.startswith("norm1")} == {
        f"norm1.{kind}" for kind in ("weight", "bias", "mean", "variance")
    }
    for name, array in ours.items():
        np.testing.assert_allclose(array, theirs[name], rtol=1e-3, atol=1e-5, err_msg=name)
    for two, one in zip(events(job), events(alone), strict=True):
        assert two.get("loss", 0) == pytest.approx(one.get("loss", 0), rel=1e-4)


def test_what_is_not_finite_on_one_rank_is_a_divergence_on_all(make_job: MakeJob) -> None:
    """The statistics of the second rank are neither saved nor in any loss of a step."""
    job = make_job("split", steps=2, norm="SharedBatchNorm(8)", fault="self.norm1.running_var.fill_(float('inf'))")
    code, _, err = finish(start(job))
    told = "error: training diverged: a weight or a running statistic is not finite after step 2. The first loss, "
    assert (code, len(err), err[0].startswith(told)) == (1, 2, True)
    result = read_result(job.run)
    assert result is not None and result.diverged
    assert not job.weights.exists()


def test_a_divergence_in_the_step_whose_exchanges_are_counted_is_one_as_well(make_job: MakeJob) -> None:
    """Its search for the first value that is not finite exchanges, too."""
    fault = "self.calls = getattr(self, 'calls', 0) + 1; image = image * (float('nan') if self.calls > 2 else 1)"
    code, _, err = finish(start(make_job("counted", steps=4, fault=fault)))
    told = (
        "error: training diverged: the loss is nan at step 3; an output of conv1 is the first value that is not finite."
    )
    assert (code, len(err), err[0].startswith(told)) == (1, 2, True), err


def assert_same_weights(job: Job, other: Job) -> None:
    ours, theirs = load_file(job.weights), load_file(other.weights)
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        np.testing.assert_allclose(array, theirs[name], rtol=1e-3, atol=1e-5, err_msg=name)


def test_a_broken_held_out_picture_stops_the_run_with_its_weights(
    make_job: MakeJob, pictures: Path, undecodable_png: bytes
) -> None:
    alone = make_job("alone", devices=1, steps=4)  # an epoch
    assert finish(start(alone))[0] == 0
    broken = sorted((pictures / "val" / "red").iterdir())[1]  # the second rank's first
    broken.write_bytes(undecodable_png)  # its checksums are right, so the check of all pictures passes
    job = make_job("broken")
    code, _, err = finish(start(job))
    assert code == 1
    assert err[0].startswith(f"error: cannot read {broken}: ")
    assert err[0].endswith(f"; training stopped, and its weights so far are in {job.weights}")
    assert err[1:] == ["  replace the file or remove it"]
    assert not (job.run / "crash.txt").exists()
    result = read_result(job.run)
    assert result is not None
    assert (result.devices, result.figures, result.diverged) == (("cpu", "cpu"), None, False)
    assert_same_weights(job, alone)


@pytest.mark.parametrize("devices", [1, 2])
def test_pictures_that_are_removed_during_a_run_stop_it_with_its_weights(
    make_job: MakeJob, pictures: Path, tmp_path: Path, devices: int
) -> None:
    removal = f"shutil.rmtree({str(pictures / 'train')!r})"
    fault = f"import shutil; self.seen = getattr(self, 'seen', 0) + 1; self.seen == 3 and {removal}"
    copied = shutil.copytree(pictures, tmp_path / "copy")
    # The source has its fault in rank 1 alone.
    job = make_job("removed", devices=devices, fault=fault)
    code, _, err = finish(start(job, **({"RANK": "1"} if devices == 1 else {})))
    assert code == 1
    assert re.fullmatch(
        rf"error: cannot read {pictures}/train/\w+/\d\.png: No such file or directory; training stopped, and its "
        rf"weights so far are in {job.weights}",
        err[0],
    )
    steps = sum(event["event"] == "step" for event in events(job))
    assert 2 <= steps < 8
    alone = make_job("alone", devices=1, steps=steps, pictures=copied)
    assert finish(start(alone))[0] == 0
    assert_same_weights(job, alone)


def test_pictures_are_checked_before_the_devices_are_opened(make_job: MakeJob, pictures: Path) -> None:
    job = make_job("small", pictures=pictures / "train" / "red")
    code, out, err = finish(start(job))
    assert (code, len(out), len(err)) == (1, 0, 2)
    assert read_result(job.run) is None


def test_a_run_that_ends_before_its_ranks_start_has_devices(make_job: MakeJob, pictures: Path) -> None:
    (pictures / "val" / "red" / "broken.jpg").touch()
    job = make_job("small")
    code, out, err = finish(start(job))
    assert (code, out[0].startswith("NO GPU FOUND"), len(err)) == (1, True, 2)
    assert read_result(job.run) == Result(devices=("cpu", "cpu"))


@pytest.mark.parametrize(("devices", "scans"), [(1, 1), (2, 3)])
def test_each_process_looks_for_the_pictures_once(
    make_job: MakeJob, pictures: Path, tmp_path: Path, devices: int, scans: int
) -> None:
    """The process that starts, and each of several ranks."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os\nscan = os.scandir\n"
        "def told(folder):\n"
        f"    if str(folder) == {str(pictures / 'train')!r}: open({str(tmp_path / 'looks')!r}, 'a').write('.')\n"
        "    return scan(folder)\n"
        "os.scandir = told\n"
    )
    job = make_job("scans", devices=devices, steps=1)
    code, _, err = finish(start(job, PYTHONPATH=str(tmp_path)))
    assert (code, err) == (0, [])
    assert (tmp_path / "looks").read_text() == "." * scans


def test_one_process_writes_the_record(make_job: MakeJob) -> None:
    """Whoever opens a record that exists fails, so a record that is complete has one writer."""
    job = make_job("again", steps=1)
    (job.run / "metrics.jsonl").touch()
    code, _, err = finish(start(job))
    assert (code, err[0]) == (2, f"error: {job.run / 'metrics.jsonl'} exists: the run has been started before")
    assert (job.run / "metrics.jsonl").read_text() == ""


def test_a_defect_in_a_rank_becomes_a_report(make_job: MakeJob) -> None:
    job = make_job("defect", fault="raise LookupError('nowhere')")
    code, _, err = finish(start(job))
    assert code == 3
    place = job.run / "crash.txt"
    assert err == ["error: training failed: LookupError: nowhere", f"  the traceback is in {place}"]
    assert "in forward" in place.read_text()


def test_a_killed_rank_ends_the_run(make_job: MakeJob) -> None:
    code, _, err = finish(start(make_job("killed", fault="os.kill(os.getpid(), signal.SIGKILL)")))
    assert code == 3
    assert err == ["error: rank 1 was killed", "  if the system ran out of memory, use a smaller `--batch`"]


@pytest.mark.parametrize("devices", [2, 1])
def test_ctrl_c(make_job: MakeJob, devices: int) -> None:
    job = make_job("interrupted", devices=devices, steps=100_000)
    process = start(job)
    metrics = job.run / "metrics.jsonl"
    while process.poll() is None and not (metrics.exists() and '"step"' in metrics.read_text()):
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    code, _, err = finish(process)
    assert (code, err) == (130, ["interrupted"])
    (saved,) = checkpoint.steps(job.run)
    assert saved == events(job)[-1]["step"]
    assert job.weights.read_bytes() == checkpoint.load(job.run, saved).files[checkpoint.WEIGHTS]
