"""archc plot: a file, and what it refuses."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from recorded import held_out, step, write_run

from archc.installing import requirements_help


@pytest.fixture
def runs(here: Path) -> Path:
    for name in ("first", "second"):
        write_run(here / "runs" / name, *(step(at, 2 / at) for at in range(1, 5)), held_out("end", 10))
    return here / "runs"


@pytest.mark.usefixtures("runs")
def test_it_draws_runs_into_a_file_that_it_may_replace(archc, here: Path) -> None:
    result = archc("plot", "runs/first", "runs/second", "-o", "both.svg")
    assert (result.code, result.out, result.err) == (0, "both.svg: 2 runs\n", "")
    drawn = (here / "both.svg").read_text()
    assert archc("plot", "runs/first", "runs/second", "-o", "-").out == drawn
    assert archc("plot", "runs/second", "-o", "both.svg", "-q").out == ""
    assert (here / "both.svg").read_text() != drawn
    (here / "both.svg").write_text(drawn.replace("loss", "love"))
    result = archc("plot", "runs/first", "-o", "both.svg")
    assert (result.code, result.err.splitlines()[0]) == (2, "error: both.svg was edited after archc emitted it")
    assert archc("plot", "runs/first", "-o", "both.svg", "--force").code == 0


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("arguments", "code", "error", "help"),
    [
        ("runs/none", 2, "runs/none is not a folder", "name the folders of runs: `archc runs` lists them"),
        ("first", 2, "first is not a folder", "did you mean `runs/first`?"),
        ("runs/first/metrics.jsonl", 2, "runs/first/metrics.jsonl is not a folder", "did you mean `runs/first`?"),
        (
            "runs",
            2,
            "runs is not the folder of a run that has begun: it has no metrics.jsonl",
            "name the folders of runs",
        ),
        ("runs/first runs/../runs/first", 2, "a run is named twice", "name each run once"),
        ("runs/first -o curves.png", 2, "unknown suffix of curves.png", "name a file that ends in .svg"),
        ("runs/first -o none/there/x.svg/y.svg", 0, "", ""),
        (
            "runs/first -o runs/first/metrics.jsonl/x.svg",
            3,
            "cannot write runs/first/metrics.jsonl/x.svg: Not a",
            "name",
        ),
    ],
)
def test_wrong_usage(archc, arguments: str, code: int, error: str, help: str) -> None:
    result = archc("plot", *arguments.split())
    assert result.code == code
    if error:
        first, second = result.err.splitlines()
        assert first.startswith(f"error: {error}") and second.strip().startswith(help)


def test_a_damaged_run_is_a_finding(archc, here: Path) -> None:
    write_run(here / "run", step(1, 2.0), tail="{]\n")
    result = archc("plot", "run")
    assert result.code == 1
    assert result.err.startswith("error: run/metrics.jsonl:4 is damaged: Invalid JSON")


@pytest.mark.usefixtures("runs")
def test_without_matplotlib_it_names_the_command_that_installs_it(archc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = archc("plot", "runs/first")
    message = "error: `archc plot` needs matplotlib, which is not installed"
    assert (result.code, result.err.splitlines()) == (3, [message, f"  {requirements_help(['matplotlib'])}"])
