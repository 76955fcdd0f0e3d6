"""archc check: the table of a valid spec, the findings of an invalid one, and files that are not specs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest


def test_a_valid_spec(archc, alexnet: Path) -> None:
    result = archc("check", alexnet)
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[:2] == [f"{alexnet} is valid", "AlexNet, two GPUs (Krizhevsky, Sutskever and Hinton, 2012)"]
    rows = {line.split()[0]: line for line in lines if line}
    assert rows["conv1"].split() == (
        "conv1 conv2d 11 × 11, stride 4 (227 - 11) / 4 + 1 = 55 96 × 55 × 55 34,944 105,415,200".split()
    )
    assert rows["total"].split() == ["total", "60,965,224", "724,406,816"]
    assert "55 → 27 → 13 → 6" in lines
    assert "60,965,224 parameters, 724,406,816 MACs per example" in lines
    assert "on 2 devices, split by columns: maps are gathered before conv3, fc6, fc7, fc8" in lines
    assert not any(line != line.rstrip() for line in lines)


def test_findings_name_line_and_column(archc, small: Path) -> None:
    small.write_text(small.read_text().replace("filters: 4", "filter: 4").replace("relu", "rely"))
    result = archc("check", small)
    assert (result.code, result.err) == (1, "")
    heads = [line for line in result.out.splitlines() if line.startswith("small.yaml")]
    assert [head.split(" ")[:2] for head in heads] == [
        ["small.yaml:6:23:", "error[ARC101]:"],
        ["small.yaml:7:15:", "error[ARC102]:"],
    ]
    assert "did you mean `filters`?" in result.out
    assert "did you mean `relu`?" in result.out
    assert "is valid" not in result.out


def test_advice_leaves_the_exit_code_at_zero(archc, small: Path) -> None:
    small.write_text(small.read_text().replace(", weight_init: {normal: {std: 0.1}}", ""))
    result = archc("check", small)
    assert result.code == 0
    assert "advice[ARC901]" in result.out


def test_json_of_a_valid_spec(archc, alexnet: Path) -> None:
    result = archc("check", alexnet, "--output-format", "json")
    assert (result.code, result.err) == (0, "")
    (said,) = json.loads(result.out)["specs"]
    assert (said["spec"], said["holds"], said["findings"]) == (str(alexnet), True, [])
    network = said["network"]
    assert (network["parameters"], network["macs"]) == (60_965_224, 724_406_816)
    assert [layer["name"] for layer in network["layers"]][:2] == ["conv1", "relu1"]
    assert network["layers"][0]["output"] == [96, 55, 55]
    assert [e["layer"] for e in network["placement"]["exchanges"]] == ["conv3", "fc6", "fc7", "fc8"]


def test_json_of_findings(archc, small: Path) -> None:
    small.write_text(small.read_text().replace("kernel: 3", "kernel: 9"))
    result = archc("check", small, "--output-format", "json")
    assert (result.code, result.err) == (1, "")
    document = json.loads(result.out)
    assert document["version"] == 1
    (said,) = document["specs"]
    assert (said["holds"], said["network"]) == (False, None)
    (finding,) = said["findings"]
    assert {key: finding[key] for key in ("file", "line", "column", "code", "severity")} == {
        "file": "small.yaml",
        "line": 6,
        "column": 43,
        "code": "ARC201",
        "severity": "error",
    }


def test_a_missing_file(archc, here: Path) -> None:
    result = archc("check", "nothing.yaml")
    assert (result.code, result.out) == (2, "")
    first, second = result.err.splitlines()
    assert first == "error: file not found: nothing.yaml"
    assert second.startswith("  the specs shipped with archc are in ")
    assert Path(second.partition(" are in ")[2], "alexnet.yaml").is_file()


@pytest.mark.parametrize(
    ("missing", "meant"),
    [
        ("shape.yaml", "shapes.yaml"),
        ("shapes", "shapes.yaml"),
        ("shapes.yml", "shapes.yaml"),
        ("folder/../Shapes.yaml", "folder/../shapes.yaml"),
    ],
)
def test_a_missing_file_with_a_name_like_another_one(archc, here: Path, missing: str, meant: str) -> None:
    for name in ("shapes.yaml", "shapes.csv", "a.yaml"):
        (here / name).touch()
    (here / "folder").mkdir()
    result = archc("check", missing)
    assert (result.code, result.err) == (2, f"error: file not found: {missing}\n  did you mean `{meant}`?\n")
    assert "did you mean" not in archc("check", "b.yaml").err


def test_a_pipe_that_nobody_writes_to_does_not_hang(archc, here: Path) -> None:
    os.mkfifo("pipe.yaml")
    result = archc("check", "pipe.yaml")
    assert (result.code, result.err) == (2, "error: pipe.yaml is not a regular file; a spec is a YAML file\n")


def test_links_in_a_circle(archc, here: Path) -> None:
    Path("circle.yaml").symlink_to("circle.yaml")
    result = archc("check", "circle.yaml")
    assert result.code == 2
    assert result.err.startswith("error: cannot read circle.yaml: ")
    assert len(result.err.splitlines()) == 1


def test_a_file_without_read_permission(archc, small: Path) -> None:
    assert archc("check", small).code == 0  # all that is imported lazily is there before rights are given up
    small.chmod(0)
    small.parent.absolute().chmod(0o755)
    user = os.geteuid()
    if user == 0:  # root reads any file
        os.seteuid(65534)
    try:
        result = archc("check", small)
    finally:
        os.seteuid(user)
    assert (result.code, result.out) == (2, "")
    assert result.err == "error: cannot read small.yaml: Permission denied\n"


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"\0", b"- a", b"schema: archc/v2", b"a" * (2 << 20)])
def test_bytes_that_are_not_a_spec_are_findings(archc, here: Path, data: bytes) -> None:
    Path("odd.yaml").write_bytes(data)
    result = archc("check", "odd.yaml")
    assert (result.code, result.err) == (1, "")
    assert result.out.startswith("odd.yaml:1:1: error[ARC") or "error[ARC" in result.out


def test_an_unknown_option(archc, alexnet: Path) -> None:
    result = archc("check", alexnet, "--frobnicate")
    assert (result.code, result.out) == (2, "")
    assert "--frobnicate" in result.err
    assert "archc check --help" in result.err


def test_an_unknown_format(archc, alexnet: Path) -> None:
    result = archc("check", alexnet, "--output-format", "xml")
    assert (result.code, result.out) == (2, "")
    assert "'xml'" in result.err
    assert "json" in result.err


def test_the_spec_of_the_current_folder_is_the_default(archc, small: Path) -> None:
    Path("specs").mkdir()
    small.rename("specs/alexnet.yaml")
    result = archc("check")
    assert result.code == 0
    assert result.err == "no spec given; using specs/alexnet.yaml\n"
    assert result.out.splitlines()[:2] == ["specs/alexnet.yaml is valid", "A small network"]


def test_elsewhere_the_spec_that_comes_with_archc_is_the_default(archc, here: Path) -> None:
    result = archc("check")
    assert result.code == 0
    note = result.err.removesuffix("\n")
    assert note.startswith("no spec given; using /")
    assert note.endswith("/specs/alexnet.yaml")
    assert "60,965,224 parameters" in result.out
