"""A command that prints JSON prints it for a spec with errors too: a document with the findings of `archc check`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from archc.diagnostics.codes import CODES

AS_JSON = ("--output-format", "json")


@pytest.fixture
def checked(archc, small: Path) -> list[dict[str, Any]]:
    """The findings on a spec with an error, as `check` prints them."""
    small.write_text(small.read_text().replace("kernel: 3", "kernel: 9"))
    (spec,) = json.loads(archc("check", small, *AS_JSON).out)["specs"]
    return spec["findings"]


@pytest.mark.parametrize("command", ["build", "build --check", "build --parallel columns", "plan", "plan --quiet"])
def test_the_findings_of_a_spec(archc, small: Path, checked: list[dict[str, Any]], command: str) -> None:
    name, *flags = command.split()
    result = archc(name, small, *flags, *AS_JSON)
    assert (result.code, result.err) == (1, "")
    assert json.loads(result.out) == {"version": 1, "findings": checked}


def test_the_findings_of_two_specs(archc, small: Path, checked: list[dict[str, Any]]) -> None:
    Path("valid.yaml").write_text(small.read_text().replace("kernel: 9", "kernel: 3"))
    result = archc("diff", "valid.yaml", small, *AS_JSON)
    assert (result.code, result.err) == (2, "error: nothing to compare: small.yaml has errors\n")
    assert json.loads(result.out) == {"version": 1, "findings": checked}
    Path("second.yaml").write_text(small.read_text())
    found = json.loads(archc("diff", "second.yaml", small, *AS_JSON).out)["findings"]
    assert [finding["file"] for finding in found] == ["second.yaml", "small.yaml"]


def test_what_a_backend_does_not_support(archc, here: Path) -> None:
    Path("dilated.yaml").write_text(str(CODES["ARC501"].failing))
    result = archc("build", "dilated.yaml", "--backend", "keras", *AS_JSON)
    assert (result.code, result.err) == (1, "")
    assert [finding["code"] for finding in json.loads(result.out)["findings"]] == ["ARC501"]


def test_a_layer_that_does_not_split(archc, small: Path) -> None:
    small.write_text(small.read_text().replace("filters: 4", "filters: 3"))
    result = archc("build", small, "--parallel", "columns", *AS_JSON)
    assert (result.code, result.err) == (1, "")
    assert {finding["code"] for finding in json.loads(result.out)["findings"]} == {"ARC401"}


@pytest.mark.parametrize("command", ["build", "plan"])
def test_advice_is_in_the_document(archc, here: Path, command: str) -> None:
    Path("advised.yaml").write_text(str(CODES["ARC902"].failing))
    (spec,) = json.loads(archc("check", "advised.yaml", *AS_JSON).out)["specs"]
    result = archc(command, "advised.yaml", *AS_JSON)
    assert (result.code, result.err) == (0, "")
    assert spec["findings"]
    assert json.loads(result.out)["findings"] == spec["findings"]
    assert "ARC902" in archc(command, "advised.yaml", *(["--force"] if command == "build" else [])).err
