"""A spec without `train:` learns: its first loss is near that of guessing, and it predicts the built-in pictures soon.

`benchmarks/default_recipe.py` measures large networks, which take minutes.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

CONVOLUTIONS = """\
schema: archc/v1
name: convolutions
input: {image: [3, 24, 24]}
layers:
  conv1: {op: conv2d, filters: 12, kernel: 3}
  relu1: {op: relu}
  pool1: {op: max_pool2d, kernel: 2, stride: 2}
  conv2: {op: conv2d, filters: 24, kernel: 3}
  relu2: {op: relu}
  pool2: {op: max_pool2d, kernel: 3, stride: 3}
  conv3: {op: conv2d, filters: 48, kernel: 3}
  relu3: {op: relu}
  flat: {op: flatten}
  fc: {op: dense, units: 10}
  prob: {op: softmax}
"""
DENSE = """\
schema: archc/v1
name: dense_layers
input: {image: [3, 24, 24]}
layers:
  flat: {op: flatten}
  fc1: {op: dense, units: 128}
  relu1: {op: relu}
  fc2: {op: dense, units: 128}
  relu2: {op: relu}
  fc3: {op: dense, units: 10}
"""
LENET = Path(__file__).parents[2] / "specs" / "lenet5.yaml"
RUNS = [("torch", "convolutions"), ("keras", "convolutions"), ("torch", "dense"), ("torch", "lenet5")]


def test_small_networks_learn_with_the_default_recipe(here: Path) -> None:
    for name, text in {"convolutions": CONVOLUTIONS, "dense": DENSE, "lenet5": LENET.read_text()}.items():
        Path(f"{name}.yaml").write_text(text)
    head = [sys.executable, "-m", "archc", "train", "--steps", "100", "--batch", "64", "--gpus", "1", "--quiet"]
    # Threads of several runs at once would wait for each other.
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    started = {
        f"{name}_{backend}": subprocess.Popen(
            [*head, f"{name}.yaml", "--backend", backend, "--run", f"{name}_{backend}"],
            stderr=subprocess.PIPE,
            text=True,
            env=alone,
        )
        for backend, name in RUNS
    }
    for run, process in started.items():
        _, err = process.communicate()
        assert process.returncode == 0, err
        result = json.loads((here / run / "receipt.json").read_text())["result"]
        assert math.log(10) / 1.5 < result["first_loss"] < math.log(10) * 1.5, (run, result)
        assert result["top1"] / result["count"] > 3 * result["chance"], (run, result)
