"""`python -m archc_keras.train RUN/job.json` as a process: what it prints, leaves behind and returns."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import all_end, descendants, open_to_others, until
from safetensors.numpy import load_file

from archc.training import checkpoint
from archc.training.job import Job
from archc.training.result import Figures, read_result


def start(job: Job) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "archc_keras.train", str(job.run / "job.json")]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_run_from_its_job_to_its_weights(make_job: Callable[..., Job]) -> None:
    jobs = [make_job(name, rate=0.5) for name in ("first", "again")]
    processes = [start(job) for job in jobs]
    (out, errors), _ = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], errors
    assert errors == ""
    assert out.splitlines()[0] == "NO GPU FOUND: training on 2 logical CPUs, MirroredStrategy"

    job, again = jobs
    assert sorted(file.name for file in job.run.iterdir() if file.is_file()) == [
        "best.safetensors",
        "job.json",
        "metrics.jsonl",
        "result.json",
        "small.py",
        "statistics.safetensors",
        "weights.safetensors",
    ]
    events = [json.loads(line) for line in (job.run / "metrics.jsonl").read_text().splitlines()]
    steps = [event for event in events if event["event"] == "step"]
    assert [event["event"] for event in events] == [
        "devices",
        "start",
        *["step"] * 4,
        "epoch",
        *["step"] * 4,
        "epoch",
        "end",
    ]
    assert events[0]["used"] == ["logical CPU 0", "logical CPU 1"]
    assert events[-1]["count"] == 13
    figures = {key: value for key, value in events[-1].items() if key not in ("event", "seconds")}
    result = read_result(job.run)
    assert result is not None
    assert (result.devices, result.figures) == (("logical CPU 0", "logical CPU 1"), Figures(**figures))
    assert result.weights == hashlib.sha256(job.weights.read_bytes()).hexdigest()
    assert result.data is not None and result.data.files == 37
    assert steps[-1]["loss"] < steps[0]["loss"]
    assert load_file(job.weights)["conv2.weight"].shape == (12, 4, 3, 3)
    assert job.weights.read_bytes() == again.weights.read_bytes(), "the same job, another run"


def test_several_machines_are_refused(make_job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch) -> None:
    """MirroredStrategy ignores TF_CONFIG, so each machine would train alone."""
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": {"chief": ["a:1"], "worker": ["b:1"]}}))
    process = start(make_job("alone"))
    out, errors = process.communicate()
    assert (process.returncode, out) == (2, "")
    assert errors.splitlines()[0] == "error: TF_CONFIG names 2 tasks, and the backend `keras` trains on one machine"


def test_bfloat16_with_batch_normalisation_and_ctrl_c(make_job: Callable[..., Job]) -> None:
    low = make_job("low", precision="bfloat16", steps=2, normalised=True)
    endless = make_job("endless")
    recipe = endless.recipe.model_copy(update={"epochs": 100_000})
    (endless.run / "job.json").write_text(endless.model_copy(update={"recipe": recipe}).model_dump_json())
    process, interrupted = start(low), start(endless)

    assert interrupted.stdout is not None
    for line in interrupted.stdout:
        if line.startswith("step 1/"):
            break
    interrupted.send_signal(signal.SIGINT)
    _, errors = interrupted.communicate()
    assert (interrupted.returncode, errors) == (130, "interrupted\n")
    (saved,) = checkpoint.steps(endless.run)
    assert endless.weights.read_bytes() == checkpoint.load(endless.run, saved).files[checkpoint.WEIGHTS]
    result = read_result(endless.run)
    assert result is not None
    assert (result.devices, result.figures) == (("logical CPU 0", "logical CPU 1"), None)

    _, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    assert {str(array.dtype) for array in load_file(low.weights).values()} == {"float32"}


def test_it_listens_nowhere_and_ends_with_its_parent(make_job: Callable[..., Job]) -> None:
    job = make_job("orphan")
    recipe = job.recipe.model_copy(update={"epochs": 100_000})
    (job.run / "job.json").write_text(job.model_copy(update={"recipe": recipe}).model_dump_json())
    parent = "import sys; from archc.run.process import run_to_end; sys.exit(run_to_end(sys.argv[1:]))"
    train = [sys.executable, "-P", "-m", "archc_keras.train", str(job.run / "job.json")]
    with subprocess.Popen([sys.executable, "-c", parent, *train], stdout=subprocess.DEVNULL) as process:
        metrics = job.run / "metrics.jsonl"
        assert until(lambda: metrics.exists() and '"event": "step"' in metrics.read_text())
        there = descendants(process.pid)
        assert there
        assert not open_to_others([process.pid, *there])
        process.kill()
    assert all_end(there)


def test_a_broken_held_out_picture_stops_the_run_with_its_weights(
    make_job: Callable[..., Job], pictures: Path, tmp_path: Path, undecodable_png: bytes
) -> None:
    copied = shutil.copytree(pictures, tmp_path / "copy")
    broken = copied / "val" / "red" / "1.png"
    broken.write_bytes(undecodable_png)  # its checksums are right, so the check of all pictures passes
    jobs = make_job("broken", pictures=copied), make_job("whole", steps=4)
    processes = [start(job) for job in jobs]
    (_, err), _ = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [1, 0]
    job, whole = jobs
    first, *rest = err.splitlines()
    assert first.startswith(f"error: cannot read {broken}: ")
    assert first.endswith(f"; training stopped, and its weights so far are in {job.weights}")
    assert rest == ["  replace the file or remove it"]
    result = read_result(job.run)
    assert result is not None
    assert (result.devices, result.figures) == (("logical CPU 0", "logical CPU 1"), None)
    assert job.weights.read_bytes() == whole.weights.read_bytes()
