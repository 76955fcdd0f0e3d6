"""archc evaluate and archc predict: a run's folder is all that they need, and its files are verified first."""

from __future__ import annotations

import csv
import json
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from PIL import Image

from archc.language.schema import output_schema
from archc.report import evaluate_json, predict_json

ROOT = Path(__file__).parents[2]
SPEC = """\
schema: archc/v1
name: small
input: {image: [3, 8, 8]}
layers:
  conv1: {op: conv2d, filters: 6, kernel: 3, weight_init: he_normal}
  forward: {op: batch_norm, epsilon: 1e-5, momentum: 0.9}
  relu1: {op: relu}
  flat: {op: flatten}
  fc: {op: dense, units: 7, weight_init: he_normal}
  prob: {op: softmax}
train:
  batch: 6
  epochs: 2
  loss: cross_entropy
  optimizer: {sgd: {lr: 0.001, momentum: 0.9, weight_decay: 0}}
  data: {resize: 10, crop: 8, mirror: true, mean: pixel}
  test: ten_crop
"""
COLOURS = {"blue": (40, 60, 220), "green": (40, 200, 60), 'r"ed, é': (220, 40, 60)}


def archc(folder: Path, *words: str | Path, given: str | None = None) -> tuple[int, str, str]:
    """The exit code, stdout and stderr of a command in a process of its own."""
    command = [sys.executable, "-m", "archc", *map(str, words)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, input=given, check=False)
    return done.returncode, done.stdout, done.stderr


def validate(command: str, document: dict[str, Any]) -> None:
    """Check that a document is what `archc schema` says."""
    module, kind = {"evaluate": (evaluate_json, "EvaluateJson"), "predict": (predict_json, "PredictJson")}[command]
    Draft202012Validator(output_schema(command, getattr(module, kind))).validate(document)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run on pictures of three classes, of which 15 are held out."""
    place = tmp_path_factory.mktemp("place")
    random = np.random.default_rng(0)
    for split, count in (("train", 8), ("val", 5)):
        for name, colour in COLOURS.items():
            folder = place / "data" / split / name
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = np.clip(random.normal(colour, 70, (14, 11, 3)), 0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")
    (place / "small.yaml").write_text(SPEC)
    code, _, err = archc(place, "train", "small.yaml", "--data", "data", "--run", "run")
    assert code == 0, err
    return place


def test_what_is_needed_to_use_the_weights_is_in_one_file(place: Path) -> None:
    found = json.loads((place / "run" / "model.json").read_text())
    assert (found["version"], found["name"], found["backend"], found["model"]) == (1, "small", "torch", "Small")
    assert found["classes"] == [*COLOURS]
    assert found["source"]["path"] == "small.py"
    assert found["weights"].keys() == {"best", "last"}
    prepared = found["preparation"]
    assert (prepared["resize"], prepared["crop"], prepared["test"], prepared["subtracts"]) == (
        10,
        [8, 8],
        "ten_crop",
        "picture",
    )
    assert (len(prepared["mean"]), prepared["std"]) == (3, [1.0, 1.0, 1.0])
    described = (ROOT / "docs" / "training.md").read_text()
    for field in (*found, *prepared):
        assert f"`{field}`" in described, field


def test_an_evaluation_repeats_the_receipt_and_adds_up(place: Path) -> None:
    code, out, err = archc(place, "evaluate", "run", "--confusion", "confusion.csv", "--output-format", "json")
    assert code == 0, err
    found = json.loads(out)
    validate("evaluate", found)
    receipt = json.loads((place / "run" / "receipt.json").read_text())["result"]
    assert {key: found[key] for key in ("test", "count", "top1", "top5", "loss")} == {
        key: receipt[key] for key in ("test", "count", "top1", "top5", "loss")
    }
    assert [each["name"] for each in found["classes"]] == [*COLOURS]
    assert [sum(each[key] for each in found["classes"]) for key in ("count", "top1", "top5")] == [
        15,
        found["top1"],
        found["top5"],
    ]
    head, *rows = [*csv.reader((place / "confusion.csv").read_text(encoding="utf-8").splitlines())]
    assert head[:4] == ["class", *COLOURS]
    assert all(re.fullmatch(r"output [3-6]", name) for name in head[4:]), "outputs without a class, if they occur"
    assert [(row[0], sum(map(int, row[1:]))) for row in rows] == [(name, 5) for name in COLOURS]
    assert sum(int(row[at + 1]) for at, row in enumerate(rows)) == found["top1"]


def test_the_table_of_an_evaluation_on_other_pictures(place: Path) -> None:
    """Those of train/ this time, by another path: all are evaluated, and their classes have their own numbers."""
    shutil.copytree(place / "data" / "train" / "green", place / "other" / "green")
    code, out, err = archc(place, "evaluate", "run", "--data", "other", "--test", "center", "--weights", "best")
    assert code == 0, err
    title, head, green, total, loss = out.splitlines()
    assert title == "small, weights `best` of run, on 8 pictures (centre view)"
    assert head.split() == ["class", "pictures", "top-1", "top-5"]
    assert green.split()[:2] == ["green", "8"] and total.split() == ["all", *green.split()[1:]]
    assert re.fullmatch(r"loss \d+\.\d+", loss)
    assert err.splitlines()[-1].startswith("evaluating 8/8")
    (place / "other" / "cyan").mkdir()
    (place / "other" / "cyan" / "0.png").touch()
    code, out, err = archc(place, "evaluate", "run", "--data", "other")
    assert (code, out) == (1, "")
    assert "has 1 class that the network was not trained on: cyan\n" in err
    assert 'name class folders as in training: blue, green, r"ed, é\n' in err


def test_a_copied_folder_predicts_without_the_data(place: Path, tmp_path: Path) -> None:
    """Each picture that can be read, with what the lines of docs/training.md compute for a notebook in the folder."""
    copy = shutil.copytree(place / "run", tmp_path / "copy")
    for name, colour in (("cat.jpg", "green"), ("two.png", "blue")):
        shutil.copy(place / "data" / "val" / colour / "0.png", copy / name)
    (copy / "broken.png").write_bytes((copy / "two.png").read_bytes()[:60])
    (place / "data").rename(place / "gone")
    words = ("predict", ".", "missing.png", "-", "--test", "center", "--output-format", "json")
    try:
        code, out, err = archc(copy, *words, given="cat.jpg\nbroken.png\n\ntwo.png\n")
        evaluated = archc(copy, "evaluate", ".")
    finally:
        (place / "gone").rename(place / "data")
    assert (code, err) == (1, "")
    document = json.loads(out)
    validate("predict", document)
    found = document["pictures"]
    assert [(each["picture"], each["unreadable"] is None) for each in found] == [
        ("missing.png", False),
        ("cat.jpg", True),
        ("broken.png", False),
        ("two.png", True),
    ]
    assert [len(each["classes"]) for each in found] == [0, 5, 0, 5]
    code, out, err = evaluated
    assert (code, out) == (1, "")
    assert err.startswith(f"error: the data of the run are gone: {place}/data is not a folder\n")
    assert "`--data DIR`" in err

    section = (ROOT / "docs" / "training.md").read_text().partition("## Using the weights")[2]
    load, prepare = re.findall(r"```python\n(.*?)```", section, re.DOTALL)[:2]
    assert len(load.splitlines()) == 3
    lines = f"{prepare}\n{load}\nprint(json.dumps(probabilities[0].tolist()))".replace("alexnet", "small")
    command = [sys.executable, "-c", lines.replace("Alexnet", "Small")]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    probabilities = json.loads(done.stdout)
    order = sorted(range(7), key=lambda index: -probabilities[index])
    assert [guess["index"] for guess in found[1]["classes"]] == order[:5]
    for guess in found[1]["classes"]:
        assert math.isclose(probabilities[guess["index"]], guess["probability"], abs_tol=1e-6)


@pytest.mark.parametrize("file", ["weights.safetensors", "small.py", "statistics.safetensors"])
@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_a_changed_byte_is_refused(archc: Any, place: Path, here: Path, file: str, command: str) -> None:
    shutil.copytree(place / "run", here / "run")
    data = bytearray((here / "run" / file).read_bytes())
    data[len(data) // 2] ^= 1
    (here / "run" / file).write_bytes(data)
    result = archc(command, "run", *(["x.png"] if command == "predict" else []))
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"error: run/{file} has changed since the run wrote it: its SHA-256 is ")
    (here / "run" / file).unlink()
    result = archc(command, "run", *(["x.png"] if command == "predict" else []))
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"error: cannot read run/{file}: No such file or directory\n")


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        ("evaluate small.yaml", 2, "error: small.yaml is not a folder"),
        ("evaluate nothing", 2, "error: nothing is not a folder"),
        (
            "evaluate run/weights.safetensors",
            2,
            "  did you mean `run`?",
        ),
        ("evaluate listed", 2, "  did you mean `runs/listed`?"),
        ("evaluate .", 2, "error: . has no model.json: it is not a run, or one of an older archc"),
        ("evaluate run --weights worst", 2, "error: run has no weights called `worst`"),
        ("evaluate damaged", 1, "error: damaged/model.json does not describe a model: "),
        ("evaluate begun", 1, "error: begun has no weights: "),
        ("predict run", 2, "Error: Missing argument 'PICTURE...'"),
        ("predict arrays x.png", 2, "error: arrays was trained on arrays, which archc cannot make of pictures"),
        ("evaluate arrays --test ten_crop", 2, "error: `--test ten_crop` is for pictures, and arrays was trained on "),
        (
            "evaluate arrays --confusion c.csv",
            2,
            "error: a confusion matrix is of classes, and arrays was trained with ",
        ),
        ("evaluate large --confusion c.csv", 2, "error: a confusion matrix of 50,000 classes is too large: "),
        ("evaluate foreign", 3, "error: the backend `nowhere` is not installed"),
        ("evaluate outside", 1, "error: outside/model.json does not describe a model: source.path: "),
    ],
)
def test_what_is_not_a_run(archc: Any, place: Path, small: Path, here: Path, words: str, code: int, line: str) -> None:
    shutil.copytree(place / "run", here / "run")
    text = (here / "run" / "model.json").read_text()
    model = json.loads(text)
    others = {
        "runs/listed": text,
        "damaged": text[:-40],
        "begun": json.dumps({**model, "weights": {}}),
        "arrays": json.dumps({**model, "preparation": None, "classes": None, "loss": "mean_squared_error"}),
        "large": json.dumps({**model, "preparation": None, "classes": None, "output": [50_000]}),
        "foreign": json.dumps({**model, "backend": "nowhere"}),
        "outside": json.dumps({**model, "source": {**model["source"], "path": "../small.py"}}),
    }
    for name, changed in others.items():
        shutil.copytree(place / "run", here / name)
        (here / name / "model.json").write_text(changed)
    result = archc(*words.split())
    assert (result.code, result.out) == (code, "")
    assert any(said.startswith(line) for said in result.err.splitlines()), result.err


def test_a_run_of_which_pictures_were_removed_is_not_evaluated_as_if_it_were_the_same(place: Path) -> None:
    (place / "data" / "val" / "blue" / "4.png").rename(place / "4.png")
    try:
        code, out, err = archc(place, "evaluate", "run")
    finally:
        (place / "4.png").rename(place / "data" / "val" / "blue" / "4.png")
    assert (code, out) == (1, "")
    assert "data no longer has the pictures of the run: some were added, removed or renamed\n" in err
