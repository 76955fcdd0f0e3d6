"""archc train: errors before any training, and runs from the spec to the receipt."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from safetensors.numpy import load_file

from archc.installing import requirements_help


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
        ("torch", {"a": 2, "b": 2}, "--batch 9 --gpus 3", "2 training pictures cannot be split over 3 devices"),
        ("keras", {"a": 9, "b": 9}, "--batch 9 --gpus 2", "a batch of 9 does not split evenly over 2 devices"),
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
    assert (code, err[-1]) == (1, "  use `--batch 2`, or add pictures")
    assert train(classes, *options, "--batch", "2")[0] == 0


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
    places = [f"{here.resolve()}/data/b/{number}.png (not a JPEG or PNG file)" for number in (0, 2)]
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
    found = re.fullmatch(r"finished in (\d+) s; saved in runs/small-[\d-]+", out[-1])
    assert found
    assert took - 2.5 < int(found[1]) <= took + 0.5  # Python's own start is not in it


@pytest.mark.parametrize("backend", ["torch", "keras"])
def test_a_run_that_diverges_names_its_cause_and_keeps_its_record(classes: Path, here: Path, backend: str) -> None:
    fill(here / "data", {"a": 9, "b": 9})
    classes.write_text(classes.read_text().replace("std: 0.1", "std: 30"))
    code, _, err = train(classes, "--data", "data", "--lr", "1e30", "--steps", "9", "--backend", backend)
    assert code == 1
    assert re.match(
        r"error: training diverged: the loss is (nan|inf) at step \d\. The first loss, [\d.]+, was far above that of "
        r"guessing among 8 outputs \(ln 8 = 2\.08\): the initial weights are too large for lr 1e\+30$",
        err[-2],
    )
    (receipt,) = here.glob("runs/*/receipt.json")
    assert json.loads(receipt.read_text())["status"] == "failed"


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
