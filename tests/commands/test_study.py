"""`archc study`: runs that are trained once, compared, gone on with, and mistakes in the file."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

NET = """schema: archc/v1
name: net
input: {image: [3, 12, 12]}
layers:
  conv1: {op: conv2d, filters: 8, kernel: 3, padding: 1, weight_init: {he_normal: {}}}
  act1: {op: relu}
  pool1: {op: max_pool2d, kernel: 2, stride: 2}
  flat: {op: flatten}
  fc: {op: dense, units: 8, weight_init: {normal: {std: 0.01}}}
"""
TANH = "variants: {tanh: {change: [{replace: {op: relu}, with: {op: tanh}}]}}\n"
STUDY = """schema: archc-study/v1
name: activations
title: ReLU against tanh
runs:
  relu: {spec: specs/net.yaml}
  tanh: {spec: specs/net.yaml:tanh}
  wild: {spec: specs/net.yaml, train: {lr: 100000.0}}
seeds: [0, 1]
train: {batch: 64, steps: 24, gradient_norms: 10}
reach: {training_error: 0.8, window: 4}
"""


@pytest.fixture
def study(here: Path) -> Path:
    (here / "specs").mkdir()
    (here / "specs" / "net.yaml").write_text(NET + TANH)
    (here / "study.yaml").write_text(STUDY)
    return Path("study.yaml")


def test_a_study_is_trained_once_gone_on_with_and_compared(archc, study: Path, here: Path) -> None:
    command = [sys.executable, "-m", "archc", "study", str(study)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        run = here / "runs" / "activations" / "relu-0"
        deadline = time.monotonic() + 120
        while not (run / "metrics.jsonl").exists() or b'"step": 3' not in (run / "metrics.jsonl").read_bytes():
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        assert process.stderr.read() == "interrupted\n"
    assert process.returncode == 128 + signal.SIGTERM
    assert json.loads((run / "receipt.json").read_text())["status"] in ("interrupted", "complete")

    first = archc("study", study, "--jobs", "2")
    assert (first.code, first.err) == (0, "")
    assert "wild, seed 0: diverged after step" in first.out
    found = json.loads((here / "runs" / "activations" / "results.json").read_text())
    assert [arm["name"] for arm in found["runs"]] == ["relu", "tanh", "wild"]
    relu, tanh, wild = found["runs"]
    assert [run["status"] for run in wild["runs"]] == ["diverged"] * 2
    assert relu["times"] == {"mean": 1.0, "deviation": 0.0}
    for arm in (relu, tanh):
        ends = [run["held_out_error"] for run in arm["runs"]]
        assert arm["held_out_error"]["mean"] == pytest.approx(sum(ends) / 2)
        assert [run["steps"] for run in arm["runs"]] == [24, 24]
    # The first step at which the mean of four batches is at most 0.8, as its metrics say.
    steps = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    rates = {each["step"]: 1 - each["top1"] / each["count"] for each in steps if each["event"] == "step"}
    means = {at: sum(rates[step] for step in range(at - 3, at + 1)) / 4 for at in range(4, 25)}
    assert relu["runs"][0]["reached"] == min(at for at, error in means.items() if error <= 0.8)
    assert (here / "runs" / "activations" / "study.svg").read_text().count("ReLU against tanh") >= 1

    assert [each["step"] for each in relu["gradients"]] == [1, 20]
    norms = [each["norms"] for each in steps if each["event"] == "gradients" and each["step"] == 1]
    other = [json.loads(line) for line in (run.with_name("relu-1") / "metrics.jsonl").read_text().splitlines()]
    norms += [each["norms"] for each in other if each["event"] == "gradients" and each["step"] == 1]
    (conv1, fc), ratio = relu["gradients"][0]["layers"], relu["gradients"][0]["ratio"]
    assert (conv1["layer"], conv1["mean"]) == ("conv1", pytest.approx((norms[0]["conv1"] + norms[1]["conv1"]) / 2))
    assert (fc["layer"], fc["mean"]) == ("fc", pytest.approx((norms[0]["fc"] + norms[1]["fc"]) / 2))
    assert ratio["mean"] == pytest.approx(sum(each["conv1"] / each["fc"] for each in norms) / 2)
    assert "norms of the layers' gradients at step 1:" in first.out

    again = archc("study", study, "--seeds", "1", "--output-format", "json")
    assert again.code == 0
    document = json.loads(again.out)
    assert document["runs"][0]["runs"] == relu["runs"][:1]
    Draft202012Validator(json.loads(archc("schema", "study").out)).validate(document)

    study.write_text(STUDY.replace("steps: 24", "steps: 25"))
    other = archc("study", study)
    assert other.code == 2
    assert other.err.splitlines()[0] == (
        "error: runs/activations has runs of `relu` with the options `--batch 64 --steps 24 --gradient-norms 10`"
    )
    shutil.rmtree(here / "runs" / "activations" / "tanh-1")
    study.write_text(STUDY.replace("spec: specs/net.yaml:tanh", "spec: specs/missing.yaml"))
    gone = archc("study", study)
    assert (gone.code, gone.err.splitlines()[0]) == (
        1,
        "study.yaml:6:16: error[ARC105]: file not found: specs/missing.yaml",
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seeds: [0, 1]", "seeds: [0, 0]", "study.yaml:8:8: error[ARC105]: `seeds` has 0 twice"),
        ("seeds: [0, 1]", "seeds: []", "study.yaml:8:8: error[ARC105]: `seeds` is `[]`"),
        ("steps: 24", "stepz: 24", "study.yaml:9:20: error[ARC101]: unknown field `stepz` in the study's `train`"),
        ("lr: 100000.0", "rate: 1", "study.yaml:7:40: error[ARC101]: unknown field `rate`"),
        (
            "training_error: 0.8",
            "training_error: 25",
            "study.yaml:10:25: error[ARC105]: `reach.training_error` is `25`",
        ),
        ("archc-study/v1", "archc/v1", "study.yaml:1:9: error[ARC105]: a spec is not a study"),
        ("archc-study/v1", "archc-study/v2", 'study.yaml:1:9: error[ARC105]: `schema` cannot be the string "archc-'),
        (STUDY, "on: push", "study.yaml:1:1: error[ARC103]: not a study: it has no `schema`, `runs` or `seeds`"),
        (STUDY, "[1]", "study.yaml:1:1: error[ARC104]: a study must be a mapping that begins with"),
        ("steps: 24", "steps: 24, epochs: 2", "study.yaml:9:20: error[ARC105]: `train` has `steps` and `epochs`"),
        ("lr: 100000.0", "steps: 1, epochs: 2", "study.yaml:7:40: error[ARC105]: `train` has `steps` and `epochs`"),
        ("steps: 24", "gpus: 1025", "study.yaml:9:26: error[ARC105]: `train.gpus` is `1025`: it must be at most 1024"),
        ("reach:", "data: ''\nreach:", 'study.yaml:10:7: error[ARC105]: `data` is the string "": it must not be empty'),
        ("{spec: specs/net.yaml}", "{spec: '-'}", "study.yaml:5:16: error[ARC105]: `spec` is standard input"),
        ("net.yaml:tanh", "net.yaml:tahn", "study.yaml:6:16: error[ARC105]: specs/net.yaml has no variant `tahn`"),
        (STUDY, "", "study.yaml:1:1: error[ARC004]: the study is empty"),
        ("{spec: specs/net.yaml}", "{spek: specs/net.yaml}", "study.yaml:5:10: error[ARC101]: unknown field `spek`"),
    ],
)
def test_a_mistake_in_a_study(archc, study: Path, old: str, new: str, message: str) -> None:
    study.write_text(STUDY.replace(old, new))
    result = archc("study", study)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(message)
    assert result.err.count("error[") == 1


def test_a_study_is_not_a_spec(archc, study: Path) -> None:
    result = archc("check", study)
    assert result.code == 1
    assert result.out.startswith("study.yaml:1:9: error[ARC105]: a study is not a spec")
    assert "run `archc study` with this file" in result.out
    assert result.out.count("error[") == 1


def test_an_error_in_a_spec_of_a_study_is_found_before_anything_is_trained(archc, study: Path, here: Path) -> None:
    (here / "specs" / "net.yaml").write_text(NET + TANH.replace("op: tanh", "op: tahn"))
    result = archc("study", study)
    assert result.code == 1
    assert result.err.startswith("specs/net.yaml:10:61: error[ARC102]")
    assert not (here / "runs").exists()


def test_a_study_that_is_not_there(archc, here: Path) -> None:
    result = archc("study", "studies/pooling.yaml")
    assert result.code == 2
    assert result.err.startswith(
        "error: file not found: studies/pooling.yaml\n  the studies shipped with archc are in "
    )
    assert (Path(result.err.split()[-1]) / "pooling.yaml").is_file()
    assert archc("study", here).err == f"error: {here} is a folder; a study is a YAML file\n"
