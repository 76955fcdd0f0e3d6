"""The folder of a study that is damaged, used by another process, or of other runs; and runs that cannot start."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from archc.study.running import settle
from archc.training.record import is_running

NET = """schema: archc/v1
name: net
input: {image: [3, 12, 12]}
layers:
  conv1: {op: conv2d, filters: 4, kernel: 3, weight_init: {he_normal: {}}}
  act1: {op: relu}
  flat: {op: flatten}
  fc: {op: dense, units: 8, weight_init: {normal: {std: 0.01}}}
"""
STUDY = """schema: archc-study/v1
name: small
runs: {relu: {spec: net.yaml}}
seeds: [0]
train: {batch: 16, steps: 3}
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a study that has been trained: what it printed is a document and nothing else."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "net.yaml").write_text(NET)
    (folder / "study.yaml").write_text(STUDY)
    command = [sys.executable, "-m", "archc", "study", "study.yaml", "--output-format", "json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    (folder / "printed.json").write_text(done.stdout)
    (folder / "errors.txt").write_text(done.stderr)
    return folder


@pytest.fixture
def run(trained: Path, here: Path) -> Path:
    """The run of a trained study in the current folder."""
    shutil.copytree(trained, here, dirs_exist_ok=True)
    return Path("runs/small/relu-0")


def test_a_document_has_standard_output_for_itself(archc, run: Path) -> None:
    document = json.loads(Path("printed.json").read_text())
    Draft202012Validator(json.loads(archc("schema", "study").out)).validate(document)
    assert "relu, seed 0: held-out error" in Path("errors.txt").read_text()


def _halved(run: Path) -> None:
    lines = (run / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    (run / "metrics.jsonl").write_bytes(b"".join(lines[:2]))


def _garbled(run: Path) -> None:
    lines = (run / "metrics.jsonl").read_bytes().splitlines(keepends=True)
    (run / "metrics.jsonl").write_bytes(b"".join([lines[0], b"{}\n", *lines[1:]]))


def _replaced(run: Path) -> None:
    shutil.rmtree(run)
    run.write_text("notes")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_halved, "the run of relu, seed 0 in runs/small/relu-0 is damaged: metrics.jsonl lacks the final test"),
        (_garbled, "runs/small/relu-0/metrics.jsonl:2 is damaged: Unable to extract tag using discriminator 'event'"),
        (
            lambda run: (run / "receipt.json").write_text("{"),
            "the run of relu, seed 0 in runs/small/relu-0 is damaged: receipt.json is not JSON",
        ),
        (
            lambda run: (run / "weights.safetensors").unlink(),
            "the run of relu, seed 0 in runs/small/relu-0 is damaged: weights.safetensors is missing",
        ),
        (_replaced, "runs/small/relu-0 is not the folder of a run"),
    ],
)
def test_a_damaged_run_is_named_with_the_way_to_train_it_again(
    archc, run: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(run)
    result = archc("study", "study.yaml")
    assert result.code in (1, 2)
    assert result.err == (f"error: {message}\n  remove runs/small/relu-0, and the same command trains the run again\n")


def test_a_comment_in_a_spec_changes_nothing_and_another_number_does(archc, run: Path) -> None:
    Path("net.yaml").write_text(NET.replace("name: net", "name: net  # a comment"))
    assert archc("study", "study.yaml").code == 0
    Path("net.yaml").write_text(NET.replace("filters: 4", "filters: 5"))
    result = archc("study", "study.yaml")
    assert (result.code, result.err.splitlines()[0]) == (
        2,
        "error: the run of relu, seed 0 in runs/small/relu-0 has another spec than net.yaml",
    )


def test_a_run_of_a_spec_that_was_edited_while_the_study_went_on_is_refused(here: Path) -> None:
    (here / "net.yaml").write_text(NET)
    (here / "study.yaml").write_text(STUDY.replace("[0]", "[0, 1]").replace("steps: 3", "steps: 1"))
    command = [sys.executable, "-m", "archc", "study", "study.yaml"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        while not (here / "runs" / "small" / "relu-0" / "job.json").exists():  # it has read the spec
            assert process.poll() is None
            time.sleep(0.05)
        (here / "net.yaml").write_text(NET.replace("filters: 4", "filters: 5"))
        assert process.stderr is not None
        error = process.stderr.read()
    message = "error: the run of relu, seed 1 in runs/small/relu-1 has another spec than net.yaml"
    assert (error.splitlines()[0], process.returncode) == (message, 2)


def test_runs_that_are_not_listed_are_not_taken_for_those_of_the_study(archc, run: Path) -> None:
    (run.parent / "study.json").unlink()
    result = archc("study", "study.yaml")
    assert (result.code, result.err.splitlines()[0]) == (
        2,
        "error: runs/small has runs of `relu` that study.json does not list",
    )


def test_one_study_at_a_time_works_in_a_folder(archc, run: Path) -> None:
    descriptor = os.open(run.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        result = archc("study", "study.yaml")
    finally:
        os.close(descriptor)
    assert (result.code, result.err.splitlines()[0]) == (2, "error: another `archc study` works in runs/small")
    assert archc("study", "study.yaml").code == 0


def test_a_run_that_another_process_trains_is_waited_for_by_hand(archc, run: Path) -> None:
    with (run / "job.json").open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        result = archc("study", "study.yaml")
    assert (result.code, result.err) == (
        2,
        "error: another process trains the run of relu, seed 0 in runs/small/relu-0\n  wait for its end, or end it\n",
    )


@pytest.mark.parametrize("name", ["results.json", "study.svg", "study.json"])
def test_a_file_that_cannot_be_written(archc, run: Path, name: str) -> None:
    (run.parent / name).unlink()
    (run.parent / name).mkdir()
    result = archc("study", "study.yaml")
    assert result.code == 3
    assert result.err.endswith(f"{run.parent / name}: Is a directory\n  use another folder: `--folder DIR`\n")


def test_a_folder_that_cannot_be_made(archc, run: Path) -> None:
    result = archc("study", "study.yaml", "--folder", "net.yaml")
    assert (result.code, result.err.splitlines()[0]) == (3, "error: cannot write net.yaml: File exists")


def test_more_seeds_than_there_are(archc, run: Path) -> None:
    result = archc("study", "study.yaml", "--seeds", "2")
    assert (result.code, result.err) == (
        2,
        "error: `--seeds 2` asks for more seeds than the 1 of study.yaml\n"
        "  add seeds to study.yaml, or use `--seeds 1`\n",
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("{backend: tf}", "the backend `tf` is not installed"),
        ("{gpus: 1, parallel: data}", "`--parallel data` needs several devices, and there is one"),
        ("{gpus: 3, batch: 2}", "a batch of 2"),
    ],
)
def test_the_last_run_is_checked_before_the_first_one_is_trained(archc, here: Path, options: str, message: str) -> None:
    (here / "net.yaml").write_text(NET)
    runs = "runs: {relu: {spec: net.yaml}, other: {spec: net.yaml, train: " + options + "}}"
    (here / "study.yaml").write_text(STUDY.replace("runs: {relu: {spec: net.yaml}}", runs))
    result = archc("study", "study.yaml")
    assert result.code in (2, 3)
    assert result.err.startswith("error: the run `other`, `archc train ")
    assert f"cannot start: {message}" in result.err
    assert not (here / "runs").exists()


def test_data_that_are_not_there(archc, here: Path) -> None:
    (here / "net.yaml").write_text(NET)
    (here / "study.yaml").write_text(STUDY + "data: nowhere\n")
    result = archc("study", "study.yaml")
    assert result.code == 2
    assert "cannot start: nowhere is not a folder" in result.err
    assert not (here / "runs").exists()


def test_a_training_error_is_not_reached_without_classes(archc, here: Path) -> None:
    train = "train: {batch: 4, epochs: 1, loss: mean_squared_error, optimizer: {adam: {lr: 0.001}}, test: center}\n"
    (here / "net.yaml").write_text(NET + train)
    (here / "study.yaml").write_text(STUDY + "reach: {training_error: 0.2}\n")
    result = archc("study", "study.yaml")
    assert result.code == 1
    assert result.err.startswith(
        "study.yaml:6:8: error[ARC105]: `reach` is a training error of classes, and `relu` is trained with "
        "`loss: mean_squared_error`"
    )


def test_the_processes_of_a_run_may_end_a_moment_after_it(tmp_path: Path) -> None:
    with (tmp_path / "metrics.jsonl").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        other = subprocess.Popen(["sleep", "1"], stdin=file)  # a process that reads pictures has the file, too
    assert is_running(tmp_path)
    settle(tmp_path)
    assert not is_running(tmp_path)
    assert other.wait() == 0
