"""One width for all output: COLUMNS, else the terminal, else 120 columns."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = """\
schema: archc/v1
name: wide
title: A network whose title is long enough for two lines wherever lines are at most as wide as those of terminals
input: {image: [3, 33, 33]}
layers:
  conv1: {op: conv2d, filters: 6, kernel: 3}
  norm1: {op: lrn, size: 5, alpha: 1e-4, beta: 0.75, k: 2}
  flat: {op: flatten}
  fc: {op: dense, units: 10}
"""
COMMANDS = {
    "check": ["check", "a.yaml"],
    "findings": ["check", "bad.yaml"],
    "plan": ["plan", "a.yaml", "--gpus", "5"],
    "explain": ["explain", "ARC903"],
    "an op": ["explain", "lrn"],
    "all": ["explain"],
    "diff": ["diff", "a.yaml", "b.yaml"],
}


def widest(arguments: list[str], columns: str | None) -> int:
    """The length of the longest line of prose that a command prints into a pipe."""
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    environment |= {"COLUMNS": columns} if columns else {}
    command = [sys.executable, str(ROOT / "cli.py"), *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment)
    # The first line of a finding is never wrapped, nor are quoted specs.
    lines = [line for line in (done.stdout + done.stderr).splitlines() if "[ARC" not in line and "{" not in line]
    return max(map(len, lines))


@pytest.fixture(autouse=True)
def specs(here: Path) -> None:
    many = "".join(f"  activation_{n}: {{op: relu}}\n" for n in range(40))
    spec = SPEC.replace("  flat:", f"{many}  flat:")
    Path("a.yaml").write_text(spec)
    Path("b.yaml").write_text(spec.replace("filters: 6", "filters: 9"))
    Path("bad.yaml").write_text(SPEC.replace("size: 5", "size: 4"))


@pytest.mark.parametrize("columns", [None, "60", "100", "118"])
@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_prints_the_same_width_into_a_pipe(command: str, columns: str | None) -> None:
    width = int(columns) if columns else 120
    assert width - 20 <= widest(COMMANDS[command], columns) <= width


@pytest.mark.parametrize("columns", ["", "0", "wide", "-5"])
def test_columns_that_are_no_width_are_ignored(columns: str) -> None:
    assert 100 <= widest(COMMANDS["explain"], columns) <= 120


def test_a_layer_table_in_a_pipe_has_all_columns() -> None:
    """A log cannot be made wider afterwards."""
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    spec = str(ROOT / "tests" / "report" / "resnet18.yaml")
    command = [sys.executable, str(ROOT / "cli.py"), "check", spec]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment)
    assert "columns hidden" not in done.stdout
