"""Variants on the command line: `SPEC:NAME`, `--variant`, `--set`, and what is made from the spec that they give."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

BASE = """schema: archc/v1
name: tiny
title: A tiny network
input: {image: [3, 16, 16]}
defaults: {conv2d: {weight_init: {he_normal: {}}}, dense: {weight_init: {glorot_normal: {gain: 0.1}}}}
layers:
  conv1: {op: conv2d, filters: 4, kernel: 3, padding: 1}
  relu1: {op: relu}
  pool1: {op: max_pool2d, kernel: 4, stride: 4}
  flat: {op: flatten}
  fc: {op: dense, units: 10}
  prob: {op: softmax}
expect: {parameters: 762}
train:
  batch: 16
  epochs: 1
  loss: cross_entropy
  optimizer: {sgd: {lr: 0.01, momentum: 0.9, weight_decay: 5e-4}}
  data: {resize: 16, crop: 16, mirror: false, mean: channel, std: channel}
  test: center
variants:
  tanh: {change: [{replace: {op: relu}, with: {op: tanh}}]}
  broken: {change: [{remove: nothing}]}
"""
OWN = """schema: archc/v1
extends: base.yaml:tanh
name: own
change: [{set: layers.conv1.filters, to: 6}]
expect: {parameters: 1138}
"""


@pytest.fixture
def base(here: Path) -> Path:
    Path("base.yaml").write_text(BASE)
    Path("own.yaml").write_text(OWN)
    return Path("base.yaml")


def test_a_variant_is_named_after_a_colon_or_by_an_option(archc, base: Path) -> None:
    one, other = archc("check", "base.yaml:tanh"), archc("check", base, "--variant", "tanh")
    assert one == other
    assert one.code == 0
    assert one.out.startswith("base.yaml:tanh is valid\n")
    assert "relu1  tanh" in one.out.replace("   ", "  ")


def test_all_variants_are_checked_with_their_spec(archc, base: Path) -> None:
    found = archc("check", base, "--output-format", "concise")
    assert found.code == 1
    assert found.out == "base.yaml:23:30: error[ARC117]: the spec has no section or layer `nothing`\n"
    assert archc("build", base, "-o", "-").code == 0


def test_json_names_the_variant_and_places_findings_in_files(archc, base: Path) -> None:
    (spec,) = json.loads(archc("check", "own.yaml", "--output-format", "json").out)["specs"]
    assert (spec["spec"], spec["holds"], spec["network"]["name"]) == ("own.yaml", True, "own")
    Path("own.yaml").write_text(OWN.replace("expect: {parameters: 1138}\n", ""))
    (spec,) = json.loads(archc("check", "own.yaml", "--output-format", "json").out)["specs"]
    (finding,) = spec["findings"]
    assert (finding["file"], finding["line"], finding["column"]) == ("own.yaml", 4, 10)
    assert [(each["file"], each["line"]) for each in finding["related"]] == [("base.yaml", 13)]


def test_a_file_with_a_colon_in_its_name_is_a_file(archc, base: Path) -> None:
    Path("base.yaml:tanh").write_text(BASE.replace("name: tiny", "name: other"))
    assert json.loads(archc("check", "base.yaml:tanh", "--output-format", "json").out)["specs"][0]["findings"] != []
    assert "class Other" in archc("build", "base.yaml:tanh", "-o", "-").out


@pytest.mark.parametrize(
    ("arguments", "message", "help"),
    [
        ("check base.yaml:tahn", "base.yaml has no variant `tahn`", "did you mean `tanh`?"),
        ("plan base.yaml --variant x", "base.yaml has no variant `x`", "its variants: tanh, broken"),
        ("check own.yaml:tanh", "own.yaml has no variant `tanh`", "it has no `variants:`"),
        ("graph base.yaml:", "`base.yaml:` has no name of a variant after the colon", "write `base.yaml`"),
        ("build base.yaml:tanh --variant broken", "two variants are named: `tanh` and `broken`", "name one of them"),
        ("check base.yaml own.yaml --variant tanh", "`--variant` takes one spec, and 2 are given", "name one file"),
        ("check base.yaml --set a=1 --fix", "`--set` and `--fix` cannot be used together", "fix the whole file first"),
        ("check base.yaml:tanh --fix", "base.yaml:tanh is a part of a file", "`archc check base.yaml --fix`"),
        ("fmt base.yaml:tanh", "base.yaml:tanh is a part of a file", "name the file: `archc fmt base.yaml`"),
        ("check nothing.yaml:tanh", "file not found: nothing.yaml", ""),
        ("diff base.yaml :tanh", "`:tanh` has no path before the colon", "write `SPEC:tanh`"),
        ("diff base.yaml base.yaml:x", "base.yaml has no variant `x`", "its variants: tanh, broken"),
    ],
)
def test_wrong_usage(archc, base: Path, arguments: str, message: str, help: str) -> None:
    found = archc(*arguments.split())
    assert found.code == 2
    assert found.out == ""
    assert found.err.splitlines()[0] == f"error: {message}"
    assert help in found.err


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        ("check -:tanh", "Write `--` before a variant of standard input: `-- -:NAME`"),
        ("diff base.yaml base.yaml --variant tanh", "Name a variant as SPEC:NAME"),
        ("check base.yaml --layers.fc.units=3", "Write `--set layers.fc.units=VALUE` for a value to try"),
    ],
)
def test_an_option_that_does_not_exist_is_explained(archc, base: Path, arguments: str, meant: str) -> None:
    found = archc(*arguments.split())
    assert (found.code, found.out) == (2, "")
    assert found.err.endswith(f". {meant}\n")


def test_a_spec_from_standard_input_extends_those_in_the_current_folder(
    archc, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(OWN.encode())))
    assert archc("check", "-").out.startswith("<stdin> is valid\n")
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(BASE.encode())))
    assert archc("check", "-", "--variant", "tanh").out.startswith("<stdin>:tanh is valid\n")


def test_a_value_to_try_changes_the_network_and_not_the_file(archc, base: Path) -> None:
    found = archc("check", base, "--set", "layers.fc.units=5", "--set", "layers.conv1.filters=8")
    assert found.code == 0
    assert "--set:1:1: advice[ARC921]: expected 762 parameters, got 869" in found.out
    assert base.read_text() == BASE
    assert archc("diff", base, "base.yaml:tanh").code == 1


def test_what_is_expanded_is_a_spec_by_itself(archc, base: Path) -> None:
    found = archc("expand", "own.yaml", "--set", "layers.fc.units=10")
    lines = [line.strip() for line in found.out.splitlines()]
    assert lines[0] == "# base.yaml with changes; values without a comment are its own."
    assert lines[lines.index("conv1: {op: conv2d, filters: 6, kernel: 3, padding: 1}") - 1] == (
        "# conv1: filters from own.yaml, line 4"
    )
    assert lines[lines.index("relu1: {op: tanh}") - 1] == "# relu1: base.yaml, line 22"
    assert lines[lines.index("fc: {op: dense, units: 10}") - 1] == "# fc: units from --set"
    Path("whole.yaml").write_text(found.out)
    assert archc("diff", "own.yaml", "whole.yaml").code == 0


def test_what_is_emitted_names_the_variant_and_is_stale_after_a_change_of_the_base(archc, base: Path) -> None:
    options = ("build", "base.yaml:tanh", "--set", "layers.conv1.kernel=5", "-o", "tanh.py")
    assert archc(*options, "-q").code == 0
    text = Path("tanh.py").read_text()
    assert "class TinyTanh" in text
    assert "archc build base.yaml:tanh --set layers.conv1.kernel=5 --backend torch" in " ".join(text.split())
    expanded = archc("expand", "base.yaml:tanh", "--set", "layers.conv1.kernel=5").out
    assert hashlib.sha256(expanded.encode()).hexdigest() in text
    assert archc(*options, "--check").code == 0
    base.write_text(BASE.replace("filters: 4", "filters: 5"))
    assert archc(*options, "--check").code == 1


def test_a_formatted_variant_keeps_its_changes_and_comments(archc, base: Path) -> None:
    Path("own.yaml").write_text(
        "name: own\nchange:\n- {to: 6, set: layers.conv1.filters} # wider\n- remove: relu1\n"
        "extends: base.yaml\nschema: archc/v1\nexpect: {parameters: 1138}\n"
    )
    assert archc("fmt", "own.yaml").code == 0
    assert Path("own.yaml").read_text() == (
        "schema: archc/v1\nextends: base.yaml\nname: own\n\nchange:\n  - {set: layers.conv1.filters, to: 6}  # wider\n"
        "  - {remove: relu1}\n\nexpect: {parameters: 1138}\n"
    )
    assert archc("check", "own.yaml").code == 0


def test_a_run_contains_the_whole_spec_and_goes_on_without_the_base(archc, base: Path) -> None:
    run = Path("run")
    options = ("--set", "layers.fc.units=11", "--run", run, "--steps", "2", "-q")
    assert archc("train", "own.yaml", *options).code == 0
    whole = (run / "spec.yaml").read_bytes()
    receipt = json.loads((run / "receipt.json").read_text())
    assert receipt["spec"] == {
        "path": "own.yaml",
        "sha256": hashlib.sha256(whole).hexdigest(),
        "set": ["layers.fc.units=11"],
    }
    assert b"expect" not in whole.replace(b"# What it expects is left out", b"")
    assert archc("check", run / "spec.yaml").code == 0
    assert archc("train", "own.yaml", *options[:4], "--resume", "auto", "--steps", "3", "-q").code == 0
    other = archc("train", "own.yaml", "--run", run, "--resume", "auto", "--steps", "4", "-q")
    assert (other.code, "own.yaml is not the spec that the run began with" in other.err) == (1, True)
    base.unlink()
    assert archc("train", "--resume", "auto", "--run", run, "--steps", "4", "-q").code == 0
    assert json.loads((run / "receipt.json").read_text())["spec"]["set"] == ["layers.fc.units=11"]
    refused = archc("train", "--resume", "auto", "--run", run, "--set", "layers.fc.units=3", "--steps", "5")
    assert (refused.code, "needs a spec" in refused.err) == (2, True)
