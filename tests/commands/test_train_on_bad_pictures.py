"""archc train on folders with pictures that cannot be read: what it prints and leaves behind, by its policy."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

RECIPE = """\
train:
  batch: 4
  epochs: 1
  loss: cross_entropy
  optimizer: {sgd: {lr: 0.01, momentum: 0.9, weight_decay: 5e-4}}
  data: {resize: 8, crop: 8, mirror: true, mean: pixel}
  test: center
"""
BAD = ["train/a/1.png", "train/b/3.png", "val/b/0.png"]


def start(spec: Path, run: str, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "archc", "train", str(spec), "--gpus", "2", "--run", run, *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_run_names_and_skips_them_or_does_not_begin(small: Path, here: Path) -> None:
    small.write_text(small.read_text() + RECIPE)
    random = np.random.default_rng(0)
    for folder, count in {"train/a": 7, "train/b": 7, "val/a": 3, "val/b": 3}.items():
        (here / "data" / folder).mkdir(parents=True)
        for number in range(count):
            Image.fromarray(random.integers(0, 256, (9, 8, 3), np.uint8)).save(here / f"data/{folder}/{number}.png")
    shutil.copytree(here / "data", here / "clean")
    for name in BAD:
        (here / "data" / name).write_bytes(b"")
        (here / "clean" / name).unlink()
    processes = {
        "stopped": start(small, "stopped", "--data", "data"),
        "skipping": start(small, "skipping", "--data", "data", "--bad-pictures", "skip"),
        "clean": start(small, "clean-run", "--data", "clean"),
        "keras": start(small, "keras", "--data", "data", "--bad-pictures", "skip", "--backend", "keras"),
    }
    said = {name: process.communicate(timeout=300) for name, process in processes.items()}
    assert {name: process.returncode for name, process in processes.items()} == {
        "stopped": 1,
        "skipping": 0,
        "clean": 0,
        "keras": 0,
    }, said
    folder = here.resolve() / "data"
    named = ", ".join(f"{folder / name} (the file is empty)" for name in BAD)
    assert said["stopped"][1].splitlines()[1:] == [  # after the renamed layer
        f"error: cannot read 3 pictures of 20: {named}",
        "  replace these files or remove them; `--bad-pictures skip` trains without them",
    ]
    assert not (here / "stopped").exists()

    weights = [(here / run / "weights.safetensors").read_bytes() for run in ("skipping", "clean-run")]
    assert weights[0] == weights[1]
    clean = json.loads((here / "clean-run" / "receipt.json").read_text())["pictures"]
    assert (clean["bad_pictures"], clean["skipped"], clean["files"]) == ("stop", 0, 17)
    line = f"skipped 3 pictures of 20: {', '.join(f'{name} (the file is empty)' for name in BAD)}"
    for run in ("skipping", "keras"):
        assert line in said[run][0].splitlines()
        receipt = json.loads((here / run / "receipt.json").read_text())
        assert receipt["pictures"] == {**clean, "path": str(folder), "bad_pictures": "skip", "skipped": 3}
        assert receipt["result"]["count"] == 5
        listed = json.loads((here / run / "skipped.json").read_text())
        assert listed == [{"file": name, "reason": "the file is empty"} for name in BAD]


def test_no_array_is_skipped(archc, small: Path, here: Path) -> None:
    (here / "data").mkdir()
    for name in ("train", "val"):
        np.savez(here / "data" / f"{name}.npz", image=np.zeros((8, 3, 8, 8), np.float32), target=np.zeros(8, np.int64))
    result = archc("train", small, "--data", "data", "--bad-pictures", "skip")
    assert (result.code, result.out) == (2, "")
    assert "error: `--bad-pictures skip` is for pictures; data has arrays, of which none is skipped\n" in result.err
    assert not (here / "runs").exists()
