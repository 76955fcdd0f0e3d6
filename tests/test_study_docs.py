"""docs/study.md: its fields are those of the language, and its tables show what the results beside it contain."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from archc.language.study import Arm, Reach, Study, Training, read_study
from archc.report.study import number, scientific
from archc.study.results import Spread

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "study.md").read_text(encoding="utf-8")
RESULTS = sorted((DOCS / "studies").glob("*.json"))

FIGURES: dict[str, Callable[[Spread | None], str]] = {
    "loss": lambda spread: scientific(spread, 3),
    "error": lambda spread: number(spread, 1, times=100, unit=" %"),
    "held_out_error": lambda spread: number(spread, 1, times=100, unit=" %"),
    "reached": lambda spread: number(spread, 0),
}
"""How a row shows each figure: nothing if there is none."""


def test_the_fields_are_those_of_the_language() -> None:
    for model in (Study, Arm, Training, Reach):
        for name, info in model.model_fields.items():
            assert f"`{info.alias or name}`" in PAGE, name


def test_the_example_is_a_study() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    study, findings = read_study(example.encode(), "example")
    assert study is not None, findings


def test_each_study_has_results() -> None:
    assert [file.stem for file in RESULTS] == sorted(file.stem for file in (DOCS.parent / "studies").glob("*.yaml"))


@pytest.mark.parametrize("file", RESULTS, ids=lambda file: file.stem)
def test_a_table_shows_what_came_out(archc, file: Path) -> None:
    found: dict[str, Any] = json.loads(file.read_text())
    Draft202012Validator(json.loads(archc("schema", "study").out)).validate(found)
    assert f"](studies/{file.stem}.svg)" in PAGE
    assert file.with_suffix(".svg").is_file()
    section = PAGE[PAGE.rindex(f"\n    archc study studies/{file.stem}.yaml") :].split("\n## ")[0]
    for arm in found["runs"]:
        (row, *_) = [line for line in section.split("\n") if re.match(rf"    {arm['name']} +\d", line)]
        assert int(row.split()[1].rstrip(",")) == len(arm["runs"])
        spreads = {name: arm[name] and Spread(**arm[name], count=len(arm["runs"])) for name in FIGURES}
        for name, shown in FIGURES.items():
            assert f" {shown(spreads[name])}" in row, name
