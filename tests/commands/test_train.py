"""archc train: errors before any training, and runs from the spec to the receipt."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.numpy import load_file


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ("--gpus 2 --batch 5", "error: a batch of 5 does not split evenly over 2 devices"),
        ("--steps 3 --epochs 2", "error: --steps and --epochs both limit the run"),
        ("--lr nan", "error: --lr nan is not a valid learning rate"),
        ("--lr 0", "error: --lr 0.0 is not a valid learning rate"),
        ("--data nothing", "error: nothing is not a folder"),
        ("--data small.yaml", "error: small.yaml is not a folder"),
        ("--run full", "error: full is not empty"),
        ("--gpus 0", "Error: Invalid value for '--gpus'"),
        ("--steps -1", "Error: Invalid value for '--steps'"),
        ("--precision float16", "Error: Invalid value for '--precision'"),
    ],
)
def test_wrong_usage(archc, small: Path, here: Path, options: str, line: str) -> None:
    (here / "full").mkdir()
    (here / "full" / "file").touch()
    result = archc("train", small, *options.split())
    assert (result.code, result.out) == (2, "")
    assert any(said.startswith(line) for said in result.err.splitlines())
    assert not (here / "runs").exists()


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        ("  prob: {op: softmax}\n  more: {op: dense, units: 2, from: flat}", "prob (5) and more (2)"),
        ("  maps: {op: tanh, from: class}\noutputs: [maps, fc]", "maps (4 × 6 × 6) and fc (5)"),
    ],
)
def test_only_a_classifier_is_trained(archc, small: Path, here: Path, layers: str, found: str) -> None:
    small.write_text(small.read_text().replace("  prob: {op: softmax}", layers))
    result = archc("train", small)
    assert (result.code, result.out) == (1, "")
    assert f"error: training needs one output with one score per class; `small` returns {found}\n" in result.err
    assert not (here / "runs").exists()


def test_without_parameters_there_is_nothing_to_train(archc, small: Path, here: Path) -> None:
    small.write_text("schema: archc/v1\nname: small\ninput: {image: [1, 4, 4]}\nlayers:\n  flat: {op: flatten}\n")
    result = archc("train", small)
    assert (result.code, result.out) == (1, "")
    assert "error: small has no parameters to train\n" in result.err
    assert not (here / "runs").exists()


def test_maps_are_not_scores(archc, small: Path) -> None:
    small.write_text(small.read_text().partition("  flat:")[0])
    result = archc("train", small)
    assert result.code == 1
    assert "`small` returns class (4 × 6 × 6)\n" in result.err
    assert "add `{op: flatten}` and a `dense` layer after class" in result.err


def test_a_softmax_at_each_place_gives_no_scores_of_the_picture(archc, small: Path) -> None:
    maps = small.read_text().partition("  flat:")[0]
    small.write_text(maps + "  places: {op: softmax}\n")
    result = archc("train", small)
    assert result.code == 1
    assert "`small` returns places (4 × 6 × 6)\n" in result.err
    assert "add `{op: flatten}` and a `dense` layer before places" in result.err
    small.write_text(maps + "  one: {op: max_pool2d, kernel: 6, stride: 6}\n  place: {op: softmax}\n")
    assert "add a layer `{op: flatten}` before place" in archc("train", small).err


def test_a_spec_with_errors(archc, small: Path, here: Path) -> None:
    small.write_text(small.read_text().replace("kernel: 3", "kernel: 9"))
    result = archc("train", small)
    assert result.code == 1
    assert "error[ARC201]" in result.err
    assert not (here / "runs").exists()


def test_an_unknown_backend(archc, small: Path, here: Path) -> None:
    assert archc("train", small, "--backend", "jax").code == 3
    assert not (here / "runs").exists()


def test_a_run_from_the_spec_to_the_receipt(archc, small: Path, here: Path) -> None:
    small.write_text(small.read_text().replace("units: 5", "units: 8"))
    result = archc("train", small, "--steps", "2", "--batch", "4", "--run", "run", "--seed", "7")
    assert result.code == 0
    run = here / "run"
    receipt = json.loads((run / "receipt.json").read_text())
    assert (receipt["status"], receipt["exit_code"], receipt["seed"], receipt["steps"]) == ("complete", 0, 7, 2)
    assert receipt["command"] == "archc train small.yaml --steps 2 --batch 4 --run run --seed 7"
    assert receipt["recipe"]["batch"] == 4
    for part, file in (("spec", "spec.yaml"), ("source", "small.py"), ("weights", "weights.safetensors")):
        assert receipt[part]["sha256"] == hashlib.sha256((run / file).read_bytes()).hexdigest()
    assert (run / "spec.yaml").read_bytes() == small.read_bytes()
    assert (run / "small.py").read_text().splitlines()[0] == '"""A small network.'
    assert sorted(load_file(run / "weights.safetensors")) == ["conv1.bias", "conv1.weight", "fc.bias", "fc.weight"]
    assert receipt["result"]["count"] == 8 * 24
    lines = result.out.splitlines()
    assert lines[0].startswith("recipe: the spec has no `train:`")
    assert lines[1].startswith("batch: 4 instead of the recipe's 128; the learning rate is scaled with it: ")


def test_an_interrupted_run_leaves_a_receipt(small: Path, here: Path) -> None:
    small.write_text(small.read_text().replace("units: 5", "units: 8"))
    command = [sys.executable, "-c", "from archc.commands import main; main()", "train", str(small), "--run", "run"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, start_new_session=True)
    metrics = here / "run" / "metrics.jsonl"
    while process.poll() is None and not (metrics.exists() and '"step"' in metrics.read_text()):
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err.splitlines()[1:]) == (130, ["interrupted"])  # after the renamed layer
    receipt = json.loads((here / "run" / "receipt.json").read_text())
    assert (receipt["status"], receipt["exit_code"], receipt["weights"]) == ("interrupted", 130, None)
    assert len(receipt["devices"]["used"]) == 1
