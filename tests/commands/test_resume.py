"""archc train --resume and --from-receipt, by real runs: to the bit what an unbroken run gives, and every refusal."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from archc.training import checkpoint

SPEC = """schema: archc/v1
name: tiny
input: {image: [3, 32, 32]}
defaults: {conv2d: {weight_init: {normal: {std: 0.05}}}, dense: {weight_init: {normal: {std: 0.01}}}}
layers:
  conv1: {op: conv2d, filters: 4, kernel: 5, padding: 2}
  bn1: {op: batch_norm, epsilon: 1e-5, momentum: 0.1}
  relu1: {op: relu}
  pool1: {op: max_pool2d, kernel: 4, stride: 4}
  flat: {op: flatten}
  drop: {op: dropout, rate: 0.5}
  fc: {op: dense, units: 10}
train:
  batch: 64
  epochs: 3
  loss: cross_entropy
  optimizer: {adamw: {lr: 1e-3, weight_decay: 0.01}}
  schedule: {warmup: {steps: 5}, cosine: {end_factor: 0.1}}
  data: {resize: 36, crop: 32, mirror: true, mean: channel, std: channel}
"""
STEPS = 20  # of twelve in an epoch


@pytest.fixture
def spec(here: Path) -> Path:
    path = here / "tiny.yaml"
    path.write_text(SPEC)
    return path


def train(*options: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "archc", "train", *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == code, done.stderr
    return done


def weights(run: str) -> bytes:
    return Path(run, "weights.safetensors").read_bytes()


def events(run: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(run, "metrics.jsonl").read_text().splitlines()]


def steps(run: str) -> list[int]:
    return [event["step"] for event in events(run) if event["event"] == "step"]


def gradients(run: str) -> list[dict[str, Any]]:
    return [event for event in events(run) if event["event"] == "gradients"]


def killed(run: str, *options: object, after: int) -> None:
    """A run that is killed, with all its processes, once it has taken so many steps."""
    command = [sys.executable, "-m", "archc", "train", *map(str, options), "--run", run]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True)
    record = Path(run, "metrics.jsonl")
    until = time.monotonic() + 240
    while time.monotonic() < until and (not record.exists() or record.read_text().count('"event": "step"') < after):
        time.sleep(0.005)
    inner = [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    for pid in inner:
        os.killpg(pid, signal.SIGKILL)
    process.kill()
    process.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="finds the processes of a run in /proc")
@pytest.mark.parametrize("options", [("--gpus", 1), ("--gpus", 2, "--parallel", "columns"), ("--backend", "keras")])
def test_a_run_that_was_killed_goes_on_to_the_same_weights(spec: Path, options: tuple[object, ...]) -> None:
    """Killed at a random moment, and with its newest checkpoint damaged."""
    options = (*options, "--gradient-norms", 4)
    train(spec, *options, "--steps", STEPS, "--run", "whole", "-q")
    killed("parts", spec, *options, "--steps", STEPS, "--checkpoint-every", 3, after=random.randrange(8, 15))
    (damaged, *before) = reversed(checkpoint.steps(Path("parts")))
    place = checkpoint.place(Path("parts"), damaged) / "optimizer.safetensors"
    place.write_bytes(place.read_bytes()[:-1] + b"?")
    done = train("--run", "parts", "--resume", "auto", "--steps", STEPS)
    told = f"warning: {place.resolve()} is damaged: its SHA-256 is not that of manifest.json; the checkpoint before it"
    assert told in done.stderr
    assert f"going on after step {before[0]}\n" in done.stdout
    assert weights("parts") == weights("whole")
    assert steps("parts") == [*range(1, STEPS + 1)]
    assert [(each["step"], each["norms"]) for each in gradients("parts")] == [
        (each["step"], each["norms"]) for each in gradients("whole")
    ]
    assert [each["step"] for each in gradients("parts")] == [1, 4, 8, 12, 16, 20]
    assert {*gradients("parts")[0]["norms"]} == {"conv1", "bn1", "fc"}
    receipt = json.loads(Path("parts", "receipt.json").read_text())
    assert (receipt["status"], [each["after_step"] for each in receipt["resumed"]]) == ("complete", [before[0]])


@pytest.mark.parametrize(
    ("backend", "rule"), [("torch", "pytorch"), ("torch", "keras"), ("keras", "keras, decay_biases: true")]
)
def test_a_run_by_each_rule_of_sgd_goes_on_to_the_same_weights(spec: Path, backend: str, rule: str) -> None:
    """From within the warm-up, through a change of the rate after an epoch."""
    sgd = f"sgd: {{lr: 0.1, momentum: 0.9, weight_decay: 0.01, rule: {rule}}}"
    text = SPEC.replace("adamw: {lr: 1e-3, weight_decay: 0.01}", sgd)
    spec.write_text(text.replace("cosine: {end_factor: 0.1}", "step: {factor: 0.5, every: 1}"))
    begin = (spec, "--backend", backend, "-q", "--run")
    train(*begin, "whole", "--steps", 14)
    train(*begin, "parts", "--steps", 4)
    train("--run", "parts", "--resume", "auto", "--steps", 14)
    assert weights("parts") == weights("whole")


def test_a_complete_run_is_made_longer_repeated_and_kept_from_changing(spec: Path, here: Path) -> None:
    train(spec, "--steps", STEPS, "--run", "whole", "-q", "--seed", 3, "--gradient-norms", 8)
    train(spec, "--steps", STEPS, "--run", "new", "--resume", "auto", "-q", "--seed", 3)  # there is none yet
    assert weights("new") == weights("whole")

    go_on = ("--run", "new", "--resume", "auto")
    assert "is complete" in train(*go_on).stdout
    assert "is complete" in train(spec, *go_on, "--steps", STEPS, "--seed", 3).stdout
    assert "error: the run has seed 3, and 4 is asked for\n" in train(*go_on, "--seed", 4, code=2).stderr
    assert ", and 0.5 is asked for\n" in train(*go_on, "--lr", 0.5, code=2).stderr
    wider = here / "wider.yaml"
    wider.write_text(spec.read_text().replace("filters: 4", "filters: 8"))
    assert wider.read_text() != spec.read_text()
    assert "error: wider.yaml is not the spec that the run began with\n" in train("wider.yaml", *go_on, code=1).stderr
    shutil.copytree("new", "longer")
    done = train("--run", "longer", "--resume", "auto", "--epochs", 2, "--gpus", 2)
    assert "devices: 2 instead of 1; " in done.stdout
    assert events("longer")[-1]["event"] == "end" and steps("longer")[-1] == 24
    listed = subprocess.run([sys.executable, "-m", "archc", "runs", "."], capture_output=True, text=True, check=True)
    assert "24 of 24" in listed.stdout and "20 of 20" in listed.stdout

    assert "the weights are those of whole, to the bit" in train("--from-receipt", "whole", "--run", "again").stdout
    assert [each["step"] for each in gradients("again")] == [each["step"] for each in gradients("whole")] == [1, 8, 16]
    assert json.loads(Path("again", "receipt.json").read_text())["spec"]["path"] == "whole/spec.yaml"

    done = train("--from-receipt", "whole", "--run", "other", "--steps", 2, "--lr", 0.5)
    assert "the weights are not those of whole, which differs in steps and lr\n" in done.stdout

    other = here / "other.yaml"
    other.write_text(SPEC.replace("filters: 4", "filters: 5"))
    spec.write_text("# the same network\n" + SPEC)
    before = {file: file.read_bytes() for file in Path("new").rglob("*") if file.is_file()}
    go_on = ("--run", "new", "--resume", "auto", "--steps", 30)
    done = train(other, *go_on, code=1)
    assert "~ conv1  filters 4 → 5" in done.stderr
    assert "other.yaml is not the spec that the run began with" in done.stderr
    refused = {
        ("--seed", 4): "the run has seed 3, and 4 is asked for",
        ("--batch", 32): "the run has batch 64, and 32 is asked for",
        ("--lr", 0.5): "the run has lr 0.001, and 0.5 is asked for",
        ("--gpus", 2, "--parallel", "columns"): "only those of `data` can change",
    }
    for options, message in refused.items():
        assert message in train(*go_on, *options, code=2).stderr
    assert "has no checkpoint of step 7: there are those of 20" in train("--run", "new", "--resume", 7, code=2).stderr
    assert "`--resume soon` is not a step" in train("--run", "new", "--resume", "soon", code=2).stderr
    assert "  use `--run new --resume auto`\n" in train("--resume", "new", code=2).stderr
    assert "  use `--from-receipt new`\n" in train("--from-receipt", "new/receipt.json", code=2).stderr
    assert "`--resume` needs a run" in train("--resume", "auto", code=2).stderr
    assert "has no run to go on with" in train("--run", "nowhere", "--resume", 3, code=2).stderr
    assert {file: file.read_bytes() for file in Path("new").rglob("*") if file.is_file()} == before
    train(spec, *go_on, "-q")  # a comment changes nothing


def test_ctrl_c_saves_a_checkpoint_and_the_weights(spec: Path) -> None:
    command = [sys.executable, "-m", "archc", "train", str(spec), "--steps", "100000", "--gpus", "2", "--run", "run"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    record = Path("run", "metrics.jsonl")
    while process.poll() is None and not (record.exists() and '"step"' in record.read_text()):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err.splitlines()[-1]) == (130, "interrupted")
    (step,) = checkpoint.steps(Path("run"))
    receipt = json.loads(Path("run", "receipt.json").read_text())
    assert receipt["status"] == "interrupted" and receipt["weights"] is not None
    assert steps("run")[-1] == step
    go_on = "--run run --resume auto"
    assert out.splitlines()[-1] == f"saved in run after step {step:,}; `archc train {go_on}` goes on"
    train(*go_on.split(), "--steps", step + 1)
    later = json.loads(Path("run", "receipt.json").read_text())
    assert later["spec"] == receipt["spec"]  # as it was given, not its copy
    assert later["resumed"][0]["stopped"] == receipt["ended"]


def files(run: str) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in Path(run).rglob("*") if file.is_file()}


def test_a_run_that_is_refused_to_go_on_is_left_as_it_was(spec: Path, here: Path) -> None:
    """A job is started again and again: what is refused once is refused each time, until its cause is gone."""
    for number in range(12):
        for split in ("train", "val"):
            Path("data", split, str(number % 3)).mkdir(parents=True, exist_ok=True)
            pixels = np.random.default_rng(number).integers(0, 256, (32, 32, 3), np.uint8)
            Image.fromarray(pixels).save(f"data/{split}/{number % 3}/{number}.png")
    options = ("--batch", 4, "--data", "data", "--checkpoint-every", 2, "--keep", 3, "--timeout", 900)
    train(spec, *options, "--steps", 6, "--run", "run", "-q")
    before, go_on = files("run"), ("--run", "run", "--resume", "auto")

    added = Path("data/train/0/added.png")
    shutil.copy("data/train/0/0.png", added)
    for _ in range(2):
        done = train(*go_on, "--epochs", 3, code=1)
        assert f"error: the data in {here}/data are not those that the run began with\n" in done.stderr
        assert files("run") == before
    added.unlink()

    done = train(*go_on, "--epochs", 1, code=2)
    assert "error: the checkpoint is that of step 6, in epoch 2, after `--epochs 1`\n" in done.stderr
    text = Path("run/spec.yaml").read_text()
    Path("run/spec.yaml").write_text(text.replace("filters: 4", "filters: 5"))
    for words in (go_on, ("--from-receipt", "run", "--run", "again")):
        done = train(*words, "--epochs", 3, code=1)
        assert f"error: {here}/run/spec.yaml has changed since the run began: its SHA-256 is " in done.stderr
    Path("run/spec.yaml").unlink()
    assert f"error: {here}/run/spec.yaml is missing\n" in train(*go_on, "--epochs", 3, code=1).stderr
    Path("run/spec.yaml").write_text(text)
    assert files("run") == before

    message = "the run was trained by the backend `torch`, and `keras` is asked for"
    assert message in train(*go_on, "--epochs", 3, "--backend", "keras", code=2).stderr
    assert files("run") == before

    Path("run/metrics.jsonl").unlink()  # as after a power failure
    Path("data").rename("moved")
    assert "data is not a folder" in train(*go_on, "--epochs", 3, code=2).stderr
    train(*go_on, "--epochs", 3, "--data", "moved", "-q")
    assert "is complete" in train(*go_on, "--epochs", 2).stdout
    assert [each["event"] for each in events("run")][:4] == ["devices", "start", "resume", "epoch"]
    receipt = json.loads(Path("run/receipt.json").read_text())
    assert (receipt["status"], len(receipt["resumed"])) == ("complete", 1)
    job = json.loads(Path("run/job.json").read_text())
    assert (job["checkpoint_every"], job["keep"], job["timeout"]) == (2, 3, 900)
