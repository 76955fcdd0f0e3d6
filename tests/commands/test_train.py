"""archc train: errors before any training, and runs from the spec to the receipt."""

from __future__ import annotations

import hashlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from processes import all_end, descendants, until
from safetensors.numpy import load_file

from archc.installing import requirements_help


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ("--gpus 3 --batch 2", "error: a batch of 2 cannot be divided over 3 devices"),
        ("--steps 3 --epochs 2", "error: --steps and --epochs both limit the run"),
        ("--lr nan", "error: --lr nan is not a valid learning rate"),
        ("--lr 0", "error: --lr 0.0 is not a valid learning rate"),
        ("--data nothing", "error: nothing is not a folder"),
        ("--data small.yaml", "error: small.yaml is not a folder"),
        ("--data picture", "  did you mean `--data pictures`?"),
        ("--run full", "error: full is not empty"),
        ("--run begun", "  `--run` takes a new or an empty folder; `--resume auto` goes on with the run in it"),
        ("--batch 99999999999999999999", "Error: Invalid value for '--batch'"),
        ("--timeout 0", "Error: Invalid value for '--timeout'"),
        ("--gpus 0", "Error: Invalid value for '--gpus'"),
        ("--steps -1", "Error: Invalid value for '--steps'"),
        ("--precision float16", "Error: Invalid value for '--precision'"),
    ],
)
def test_wrong_usage(archc, small: Path, here: Path, options: str, line: str) -> None:
    for file in ("full/file", "begun/job.json", "pictures/file"):
        (here / file).parent.mkdir()
        (here / file).touch()
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
    assert f"error: training needs one output; `small` returns {found}\n" in result.err
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
    assert "one score per class; `small` returns class (4 × 6 × 6)\n" in result.err
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
    assert not [*run.glob(".*")]
    counts = {"skipped", "ignored", "converted"}
    assert receipt["pictures"].keys() == {"path", "bad_pictures", "files", "bytes", "sha256", *counts}
    assert (receipt["pictures"]["path"], receipt["pictures"]["files"]) == ("built-in", 8 * 120)
    assert {"numpy", "pillow", "safetensors", "torch"} < receipt["versions"].keys()
    for part, file in (("spec", "spec.yaml"), ("source", "small.py"), ("weights", "weights.safetensors")):
        assert receipt[part]["sha256"] == hashlib.sha256((run / file).read_bytes()).hexdigest()
    assert (run / "spec.yaml").read_bytes() == small.read_bytes()
    assert (run / "small.py").read_text().splitlines()[0] == '"""A small network.'
    assert "def adamw(model: nn.Module) -> " in (run / "small.py").read_text()
    assert sorted(load_file(run / "weights.safetensors")) == ["conv1.bias", "conv1.weight", "fc.bias", "fc.weight"]
    assert receipt["result"]["count"] == 8 * 24
    lines = result.out.splitlines()
    assert lines[0].startswith("recipe: the spec has no `train:`")
    assert lines[1].startswith("batch: 4 instead of the recipe's 128; the learning rate is scaled with it: ")


LIMITS = """\
train:
  batch: 4
  epochs: 1
  loss: cross_entropy
  optimizer: {sgd: {lr: 0.01, momentum: 0.9, weight_decay: 5e-4}}
  data: {resize: 8, crop: 8, mirror: true, mean: pixel}
  test: center
"""


def fill(root: Path, counts: dict[str, int]) -> Path:
    """Folders of small PNGs."""
    for folder, count in counts.items():
        (root / folder).mkdir(parents=True)
        for number in range(count):
            Image.new("RGB", (9, 8), (30 * number, 90, 20)).save(root / folder / f"{number}.png")
    return root


@pytest.fixture
def classes(small: Path) -> Path:
    """The small spec with as many outputs as there are built-in classes, and a recipe for few pictures."""
    small.write_text(small.read_text().replace("units: 5", "units: 8") + LIMITS)
    return small


def train(spec: Path, *options: str, **settings: str) -> tuple[int, list[str], list[str]]:
    """A run in processes of its own; its exit code, and the lines of stdout and stderr."""
    command = [sys.executable, "-m", "archc", "train", str(spec), *options]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **settings})
    return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()


@pytest.mark.parametrize(
    ("backend", "data", "options", "error"),
    [
        ("torch", {}, "", "data contains no class folders"),
        ("keras", {"a": 3}, "", "data contains only one class"),
        ("torch", {"a": 3, "b": 0}, "", "data/b contains no pictures"),
        ("keras", {"train/a": 3, "val/b": 3}, "", "data/train contains only one class"),
        ("torch", {f"c{number}": 2 for number in range(9)}, "", "data has 9 classes, small has 8 outputs"),
        ("keras", {"a": 2, "b": 2}, "", "2 training pictures cannot fill a batch of 4"),
        ("torch", {"a": 2, "b": 2}, "--batch 9 --gpus 3", "2 training pictures cannot be divided over 3 devices"),
        ("keras", {"a": 9, "b": 9}, "--batch 1 --gpus 2", "a batch of 1 cannot be divided over 2 devices"),
        ("torch", None, "--batch 1024", "768 training pictures cannot fill a batch of 1,024"),
    ],
)
def test_what_is_known_before_a_run_is_checked_first(
    classes: Path, here: Path, data: dict[str, int] | None, options: str, error: str, backend: str
) -> None:
    """Before a framework is imported, a picture drawn or a folder left."""
    given = ["--data", "data"] if data is not None else []
    (here / "data").mkdir()
    fill(here / "data", data or {})
    # A module of this name on the path takes the framework's place, and says so if it is imported.
    for framework in ("torch", "tensorflow", "keras"):
        (here / "path").mkdir(exist_ok=True)
        (here / "path" / f"{framework}.py").write_text("raise SystemExit('imported too early')")
    code, out, err = train(classes, *given, *options.split(), "--backend", backend, PYTHONPATH=str(here / "path"))
    assert code in (1, 2)
    assert err[-2].removeprefix("error: ").removeprefix(f"{here.resolve()}/").startswith(error)
    assert not [line for line in out if "pictures" in line and "instead" not in line]
    assert not (here / "runs").exists()


def test_three_pictures_over_two_devices(classes: Path, here: Path) -> None:
    fill(here / "data", {"train/a": 2, "train/b": 1, "val/a": 1, "val/b": 1})
    options = ("--data", "data", "--gpus", "2", "--steps", "1")
    code, _, err = train(classes, *options, "--batch", "8")
    assert (code, err[-1]) == (1, "  use `--batch 3`, or add pictures")
    assert train(classes, *options, "--batch", "3")[0] == 0


@pytest.mark.parametrize(("backend", "made_before"), [("torch", True), ("torch", False), ("keras", False)])
def test_a_failed_start_leaves_no_folder(classes: Path, here: Path, backend: str, made_before: bool) -> None:
    fill(here / "data", {"a": 4, "b": 4})
    for number in (0, 2):
        (here / "data" / "b" / f"{number}.png").write_bytes(b"")
    run = here / "new" / "folder" / "run"
    if made_before:
        run.mkdir(parents=True)
    code, _, err = train(classes, "--data", "data", "--run", str(run), "--backend", backend)
    assert code == 1
    places = [f"{here.resolve()}/data/b/{number}.png (the file is empty)" for number in (0, 2)]
    assert err[-2] == f"error: cannot read 2 pictures of 8: {', '.join(places)}"
    assert [*here.glob("new/**/*")] == ([run.parent, run] if made_before else [])
    assert (here / "new").exists() == made_before


def test_a_folder_that_cannot_be_written_is_left_as_it_was(archc, classes: Path, here: Path) -> None:
    (here / "file").touch()
    result = archc("train", classes, "--run", "file/run")
    assert (result.code, result.err.splitlines()[-2]) == (
        3,
        "error: cannot make the run's folder, file/run: Not a directory",
    )
    assert sorted(place.name for place in here.iterdir()) == ["file", "small.yaml"]


@pytest.mark.parametrize(("backend", "module"), [("torch", "torch"), ("torch", "numpy"), ("keras", "tensorflow")])
def test_a_framework_that_cannot_be_imported_is_one_line(classes: Path, here: Path, backend: str, module: str) -> None:
    (here / "path").mkdir()
    (here / "path" / "sitecustomize.py").write_text(f"import sys; sys.modules[{module!r}] = None\n")
    code, _, err = train(classes, "--backend", backend, PYTHONPATH=str(here / "path"))
    assert code == 3
    assert err[-2] == f"error: training needs the module `{module}` of {module}, which cannot be imported"
    assert err[-1] == f"  {requirements_help([module], again=True)}"
    assert not (here / "runs").exists()


def test_the_time_at_the_end_is_that_of_the_whole_command(classes: Path, here: Path) -> None:
    fill(here / "data", {"a": 4, "b": 4})
    began = time.monotonic()
    code, out, _ = train(classes, "--data", "data", "--steps", "1")
    took = time.monotonic() - began
    assert code == 0
    (receipt,) = here.glob("runs/*/receipt.json")
    told = json.loads(receipt.read_text())
    in_receipt = (datetime.fromisoformat(told["ended"]) - datetime.fromisoformat(told["started"])).total_seconds()
    found = re.fullmatch(r"finished in (\d+) s; saved in runs/small-[\d-]+", out[-1])
    assert found
    assert in_receipt - 1.5 <= int(found[1]) <= took + 0.5


@pytest.mark.parametrize("backend", ["torch", "keras"])
def test_a_run_that_diverges_names_its_cause_and_keeps_its_record(classes: Path, here: Path, backend: str) -> None:
    fill(here / "data", {"a": 9, "b": 9})
    classes.write_text(classes.read_text().replace("std: 0.1", "std: 30"))
    code, _, err = train(classes, "--data", "data", "--lr", "1e30", "--steps", "9", "--backend", backend)
    assert code == 1
    assert re.match(
        r"error: training diverged: the loss is (nan|inf) at step \d; (an output|the gradient) of [a-z0-9.]+ is the "
        r"first value that is not finite\. The first loss, [\d.]+, was far above that of guessing among 8 outputs "
        r"\(ln 8 = 2\.08\): the initial weights are too large for lr 1e\+30$",
        err[-2],
    )
    (receipt,) = here.glob("runs/*/receipt.json")
    assert json.loads(receipt.read_text())["status"] == "diverged"


@pytest.mark.parametrize("backend", ["torch", "keras"])
def test_a_run_whose_weights_are_not_finite_is_not_complete(classes: Path, here: Path, backend: str) -> None:
    """The only step makes them so, after its loss has been computed."""
    fill(here / "data", {"a": 9, "b": 9})
    options = ("--data", "data", "--lr", "1e38", "--steps", "1", "--batch", "8", "--gpus", "2", "--backend", backend)
    code, out, err = train(classes, *options)
    assert (code, err[-2].partition(" after step 1. ")[0]) == (
        1,
        "error: training diverged: a weight or a running statistic is not finite",
    )
    assert not [line for line in out if line.startswith("finished")]
    (run,) = here.glob("runs/*")
    receipt = json.loads((run / "receipt.json").read_text())
    assert (receipt["status"], receipt["exit_code"], receipt["weights"], receipt["result"]) == (
        "diverged",
        1,
        None,
        None,
    )
    assert not (run / "weights.safetensors").exists()
    assert not [*run.glob(".*")]


def limited(spec: Path, backend: str, *options: str) -> subprocess.CompletedProcess[str]:
    """A run of processes whose files cannot grow beyond 70,000 bytes: a disk that fills up, for one file each."""
    command = [sys.executable, "-m", "archc", "train", str(spec), "--data", "data", "--run", "run", *options]
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (70_000, 70_000))
    command += ["--lr", "1e-6", "--backend", backend]
    return subprocess.run(command, capture_output=True, text=True, preexec_fn=limit)


@pytest.mark.parametrize("backend", ["torch", "keras"])
def test_a_run_whose_record_cannot_be_written_ends_with_its_weights(classes: Path, here: Path, backend: str) -> None:
    fill(here / "data", {"a": 20, "b": 20})
    done = limited(classes, backend, "--steps", "600")
    reason = "File too large. The run goes on without such lines"
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        0,
        f"warning: cannot write {here.resolve()}/run/metrics.jsonl: {reason}",
    )
    receipt = json.loads((here / "run" / "receipt.json").read_text())
    lines = [json.loads(line) for line in (here / "run" / "metrics.jsonl").read_text().splitlines()]
    steps = [line["step"] for line in lines if line["event"] == "step"]
    assert steps == [*range(1, len(steps) + 1)]
    assert receipt["status"] == "complete"
    assert receipt["unrecorded"] >= 600 - len(steps) > 0
    assert receipt["result"]["count"] == 4
    weights = (here / "run" / "weights.safetensors").read_bytes()
    assert receipt["weights"]["sha256"] == hashlib.sha256(weights).hexdigest()


@pytest.mark.parametrize("backend", ["torch", "keras"])
def test_a_disk_without_room_for_the_weights_ends_a_run_before_it_begins(
    classes: Path, here: Path, backend: str
) -> None:
    fill(here / "data", {"a": 9, "b": 9})
    classes.write_text(classes.read_text().replace("filters: 4", "filters: 64"))
    done = limited(classes, backend)
    place = f"{here.resolve()}/run/weights.safetensors"
    assert (done.returncode, done.stderr.splitlines()[-2:]) == (
        3,
        [f"error: cannot write {place}: File too large", "  use a folder that can be written"],
    )
    assert not (here / "run").exists()


def begin(spec: Path, here: Path, *options: str) -> subprocess.Popen[str]:
    """A run in the folder `run`, which has taken its first step."""
    spec.write_text(spec.read_text().replace("units: 5", "units: 8"))
    command = [sys.executable, "-m", "archc", "train", str(spec), "--run", "run", *options]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, start_new_session=True)
    metrics = here / "run" / "metrics.jsonl"
    assert until(lambda: process.poll() is not None or (metrics.exists() and '"step"' in metrics.read_text()))
    assert process.poll() is None
    return process


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_leaves_a_receipt(small: Path, here: Path, number: signal.Signals, code: int) -> None:
    process = begin(small, here)
    receipt = here / "run" / "receipt.json"
    assert json.loads(receipt.read_text())["status"] == "running"
    os.killpg(process.pid, number)
    _, err = process.communicate(timeout=300)
    assert (process.returncode, err.splitlines()[1:]) == (code, ["interrupted"])  # after the renamed layer
    told = json.loads(receipt.read_text())
    assert (told["status"], told["exit_code"]) == ("interrupted", code)
    assert told["weights"]["sha256"] == hashlib.sha256((here / "run" / "weights.safetensors").read_bytes()).hexdigest()
    assert len(told["devices"]["used"]) == 1
    assert not [*(here / "run").glob(".*")]


@pytest.mark.parametrize("options", ["--gpus 2 --batch 4", "--backend keras --batch 4"])
def test_a_run_whose_command_is_killed_ends_and_says_so(small: Path, here: Path, options: str) -> None:
    process = begin(small, here, *options.split())
    there = descendants(process.pid)
    process.kill()
    process.wait()
    assert all_end(there)
    process.communicate(timeout=300)
    told = json.loads((here / "run" / "receipt.json").read_text())
    assert (told["status"], told["exit_code"]) == ("interrupted", None)
    assert told["ended"]
    assert not [*(here / "run").glob(".*")], "no reserved room"


def test_a_picture_that_breaks_a_run_leaves_weights_and_a_receipt(
    classes: Path, here: Path, undecodable_png: bytes
) -> None:
    fill(here / "data", {"train/a": 4, "train/b": 4, "val/a": 1, "val/b": 1})
    (here / "data" / "val" / "b" / "0.png").write_bytes(undecodable_png)
    code, _, err = train(classes, "--data", "data", "--epochs", "2", "--run", "run")
    assert code == 1
    assert err[-2].startswith(f"error: cannot read {here.resolve()}/data/val/b/0.png: ")
    receipt = json.loads((here / "run" / "receipt.json").read_text())
    assert (receipt["status"], receipt["exit_code"], receipt["result"]) == ("failed", 1, None)
    weights = (here / "run" / "weights.safetensors").read_bytes()
    assert receipt["weights"]["sha256"] == hashlib.sha256(weights).hexdigest()
