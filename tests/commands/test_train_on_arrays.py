"""archc train on arrays, as processes: a run of a network of free size, and one line for arrays that do not suit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SPEC = """\
schema: archc/v1
name: net
input: {words: {tokens: [null], vocabulary: 9}}
layers:
  embedding: {op: embedding, channels: 4, weight_init: he_normal}
  norm: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}
  lstm: {op: lstm, units: 6, gives: sequence, weight_init: glorot_uniform}
  scores: {op: dense, units: 3, weight_init: he_normal}
  prob: {op: softmax}
"""
FIXED = SPEC.replace("[null]", "[7]")
N = 16
WORDS = np.arange(N * 7).reshape(N, 7) % 9
TARGET = WORDS // 3


def train(folder: Path, spec: str, *options: str, **arrays: Any) -> tuple[int, list[str], list[str]]:
    """The exit code, and the lines of stdout and stderr, of a run in a process of its own."""
    (folder / "net.yaml").write_text(spec)
    (folder / "data").mkdir()
    given = {name: array for name, array in {"words": WORDS, "target": TARGET, **arrays}.items() if array is not None}
    np.savez(folder / "data" / "train.npz", **given)
    np.savez(folder / "data" / "val.npz", words=WORDS[:5], target=TARGET[:5])
    command = [sys.executable, "-m", "archc", "train", "net.yaml", "--data", "data", "--batch", "8", *options]
    settings = {**os.environ, "PYTHONPATH": str(folder / "path")}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=settings, check=False)
    return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()


@pytest.mark.parametrize("backend", ["torch", "keras"])
def test_a_run_on_two_devices_has_the_length_of_the_arrays(tmp_path: Path, backend: str) -> None:
    options = ("--backend", backend, "--gpus", "2", "--steps", "2", "--run", "run", "--gradient-norms", "9")
    code, out, err = train(tmp_path, SPEC, *options)
    assert (code, err) == (0, [])
    assert "data      16 training and 5 held-out examples in 3 classes" in out
    assert "batch     8 examples, 4 per device" in out
    assert not any("picture" in line for line in out)
    run = tmp_path / "run"
    assert (run / "weights.safetensors").exists()
    events = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    (gradients,) = [each for each in events if each["event"] == "gradients"]
    assert gradients["step"] == 1 and min(gradients["norms"].values()) > 0
    assert list(gradients["norms"]) == ["embedding", "norm", "lstm", "scores"]
    model = json.loads((run / "model.json").read_text())
    # A rank of PyTorch has a file of its own; that of Keras is for all devices.
    assert model["source"]["path"] == ("net_whole.py" if backend == "torch" else "net.py")
    assert (model["classes"], model["preparation"]) == (None, None)
    shutil.copytree(run, tmp_path / "copy")
    command = [sys.executable, "-m", "archc", "evaluate", "copy", "--output-format", "json"]
    found = json.loads(subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout)
    expected = json.loads((run / "receipt.json").read_text())["result"]
    assert (found["examples"], found["count"], found["top1"]) == (5, 35, expected["top1"])
    assert found["loss"] == pytest.approx(expected["loss"], rel=1e-6)
    assert [each["name"] for each in found["classes"]] == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("backend", "spec", "arrays", "message", "help"),
    [
        (
            "torch",
            SPEC,
            {"words": np.array([None] * N, object)},
            "`words` contains Python objects, which are not loaded",
            "save numbers: `numpy.savez(file, name=array.astype(numpy.float32))`",
        ),
        (
            "keras",
            FIXED,
            {"words": None},
            "has no array `words`: it has `target`",
            "save an array `words`",
        ),
        (
            "torch",
            SPEC,
            {"target": np.eye(3)[TARGET]},
            "`target` has the shape [16, 7, 3], and net needs [n, 7], n examples",
            "save the number of each class: `target.argmax(-1)`",
        ),
        (
            "keras",
            SPEC,
            {"words": WORDS[:0], "target": TARGET[:0]},
            "needs the same number of examples in each array, at least 1: words 0, target 0",
            "save it again",
        ),
    ],
)
def test_arrays_that_do_not_suit_are_one_line_before_a_framework_is_imported(
    tmp_path: Path, backend: str, spec: str, arrays: dict[str, Any], message: str, help: str
) -> None:
    (tmp_path / "path").mkdir()
    for framework in ("torch", "tensorflow", "keras"):
        (tmp_path / "path" / f"{framework}.py").write_text("raise SystemExit('imported too early')")
    code, _, err = train(tmp_path, spec, "--backend", backend, **arrays)
    file = f"{tmp_path.resolve() / 'data' / 'train.npz'}"
    assert (code, len(err), err[1]) == (1, 2, f"  {help}")
    assert err[0] == f"error: {file}{':' if message.startswith('`') else ''} {message}"
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("backend", "arrays", "message"),
    [
        ("torch", {"target": TARGET + 1}, "`target` is 3 at [0, 6]; a class is from 0 to 2"),
        ("keras", {"words": WORDS + 1}, "`words` is 9 at [1, 1]; a token is from 0 to 8"),
    ],
)
def test_a_value_out_of_range_is_one_line_before_the_first_step(
    tmp_path: Path, backend: str, arrays: dict[str, Any], message: str
) -> None:
    code, _, err = train(tmp_path, SPEC, "--backend", backend, **arrays)
    assert (code, len(err)) == (1, 2)
    assert err[0] == f"error: {tmp_path.resolve() / 'data' / 'train.npz'}: {message}"
    assert not (tmp_path / "runs").exists()
