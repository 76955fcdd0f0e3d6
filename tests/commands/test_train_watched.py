"""archc train as a person watches it: trials, the lines that it prints, and what is left to look at."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from archc.installing import requirements_help

LENET = Path(__file__).parents[2] / "specs" / "lenet5.yaml"


def train(spec: Path | str, *options: str) -> list[str]:
    """The lines that a run prints."""
    command = [sys.executable, "-m", "archc", "train", str(spec), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def recorded(run: Path, event: str) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [line for line in lines if line["event"] == event]


def test_a_sound_network_learns_two_batches_by_heart(archc, here: Path) -> None:
    """And what is left of the run: its receipt, its events for TensorBoard, its curves, and its line in the list."""
    shutil.copy(LENET, here / "lenet5.yaml")
    options = "--overfit-batches 2 --batch 8 --steps 120 --lr 0.002 --tensorboard --gradient-norms 50".split()
    out = train("lenet5.yaml", *options, "--run", "runs/lenet5")
    run = here / "runs" / "lenet5"
    steps = recorded(run, "step")
    assert [step["count"] for step in steps] == [8] * 120
    assert [step["top1"] for step in steps[-2:]] == [8, 8], "100 % of both batches"
    assert "overfitting 2 batches: 16 of 16 right, 100.0 % in training" in out
    begin = out.index("network   lenet5, float32, seed 0")
    labels = [line[:10].strip() for line in out[begin : out.index("run       runs/lenet5") + 1]]
    assert labels == ["network", "device", "batch", "steps", "rate", "data", "memory", "trial", "run"]
    start = recorded(run, "start")[0]["startup"]
    (first,) = (line for line in out if line.startswith("step 1/120"))
    found = re.search(r"top-1 \d+\.\d %  [\d.,]+ pictures/s  wait \d+ %  first after (\d+) s$", first)
    assert found and int(found[1]) >= round(start) >= 1
    assert all(0 <= step["waited"] < 60 for step in steps)

    receipt = json.loads((run / "receipt.json").read_text())
    assert (receipt["overfit_batches"], receipt["fast_dev_run"]) == (2, False)
    (events,) = run.glob("events.out.tfevents.*")
    assert b"accuracy/held_out" in events.read_bytes() and b"loss/test" in events.read_bytes()
    assert b"gradient_norm/conv1" in events.read_bytes()
    assert [each["step"] for each in recorded(run, "gradients")] == [1, 50, 100]
    assert archc("plot", "runs/lenet5", "-o", "curves.svg").code == 0
    (told,) = json.loads(archc("runs", "--output-format", "json").out)["runs"]
    assert (told["status"], told["spec"], told["backend"]) == ("complete", "lenet5.yaml", "torch")
    assert (told["step"], told["steps"], told["overfit_batches"]) == (120, 120, 2)
    assert told["held_out"]["top1"] == receipt["result"]["top1"] < told["held_out"]["count"] == 192


def test_a_fast_dev_run_tries_everything_and_says_that_it_is_one(archc, here: Path) -> None:
    shutil.copy(LENET, here / "lenet5.yaml")
    out = train("lenet5.yaml", "--fast-dev-run", "--backend", "keras", "--gpus", "2", "--batch", "6", "--run", "run")
    assert "data      built-in: 6 training and 16 held-out pictures in 8 classes; the network has 10 outputs" in out
    assert any(line.startswith("trial     fast dev run: ") for line in out)
    assert "fast dev run: training, tests and saving work; the figures say nothing" in out
    run = here / "run"
    assert [len(recorded(run, event)) for event in ("step", "end")] == [2, 1]
    assert len(recorded(run, "epoch")) >= 1, "the test after an epoch was tried, too"
    receipt = json.loads((run / "receipt.json").read_text())
    assert (receipt["fast_dev_run"], receipt["steps"], receipt["result"]["count"]) == (True, 2, 16)
    assert receipt["pictures"]["files"] == 6 + 16
    assert (run / "weights.safetensors").is_file()
    assert "complete, fast dev run" in archc("runs", "run").out
    out = train("--from-receipt", "run", "--run", "again")
    assert "the weights are those of run, to the bit" in out
    assert json.loads((here / "again" / "receipt.json").read_text())["fast_dev_run"] is True


@pytest.mark.parametrize(
    ("options", "error", "help"),
    [
        (
            "--fast-dev-run --steps 5",
            "--fast-dev-run takes 2 steps, and --steps asks for 5",
            "leave out `--fast-dev-run`",
        ),
        ("--fast-dev-run --epochs 1", "--fast-dev-run takes 2 steps, and --epochs asks for 1", "leave out"),
        ("--fast-dev-run --overfit-batches 1", "--fast-dev-run learns nothing", "use only one of them"),
        ("--overfit-batches 0", "Invalid value for '--overfit-batches'", ""),
    ],
)
def test_wrong_usage(archc, here: Path, options: str, error: str, help: str) -> None:
    result = archc("train", LENET, *options.split())
    assert result.code == 2
    assert error in result.err and help in result.err
    assert [*here.iterdir()] == []


def test_more_batches_than_there_are_end_the_run_before_a_framework_is_imported(here: Path) -> None:
    command = [sys.executable, "-m", "archc", "train", str(LENET), "--batch", "32", "--overfit-batches"]
    done = subprocess.run([*command, "25"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    message = "error: 25 batches of 32 need 800 training pictures, and there are 768"
    assert done.stderr.splitlines()[-2:] == [message, "  use `--overfit-batches 24`"]
    assert [*here.iterdir()] == []


def test_without_tensorboard_it_names_the_command_that_installs_it(
    archc, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    result = archc("train", LENET, "--tensorboard")
    message = "error: `--tensorboard` needs tensorboard, which is not installed"
    assert (result.code, result.err.splitlines()) == (3, [message, f"  {requirements_help(['tensorboard'])}"])
    assert [*here.iterdir()] == []
