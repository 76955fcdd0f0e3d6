"""Results of odd shapes in the table, the figure and the document: without classes, diverged, many, long names."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.dom.minidom import parseString

import pytest
from pydantic import TypeAdapter
from recorded import Event, held_out, step, write_receipt, write_run

from archc.language.study import Training, read_study
from archc.report.study import study
from archc.report.study_json import StudyJson, as_json
from archc.study.figure import figure, look
from archc.study.results import Results, results
from archc.study.trials import Trial

STUDY = """schema: archc-study/v1
name: odd
title: {title}
runs: {{{runs}}}
seeds: {seeds}
reach: {{training_error: 0.5, window: 2}}
"""
Runs = dict[str, list[list[Event]]]


def found(root: Path, runs: Runs, *, title: str = "Odd", diverged: tuple[str, ...] = ()) -> Results:
    """The results of runs with these events, of each name and seed; those in `diverged` have no other end."""
    seeds = [*range(len(next(iter(runs.values()))))]
    names = ", ".join(f"{name}: {{spec: a.yaml}}" for name in runs)
    given, findings = read_study(STUDY.format(title=json.dumps(title), runs=names, seeds=seeds).encode(), "study.yaml")
    assert given is not None, findings
    trials: list[Trial] = []
    for name, every in runs.items():
        for seed, events in enumerate(every):
            run = write_run(root / f"{name}-{seed}", *events)
            if f"{name}-{seed}" in diverged:
                write_receipt(run, "diverged")
            trials.append(Trial(name, seed, Path("a.yaml"), run, Training(), None))
    return results(given, trials)


def checked(found: Results) -> str:
    """A figure, which is well formed and always the same."""
    drawn = figure(found)
    assert drawn == figure(found)
    parseString(drawn)
    return drawn


def steps(count: int, top1: int | None = 4, loss: float = 1.0) -> list[Event]:
    return [step(at, loss, top1=top1) for at in range(1, count + 1)]


def test_losses_stand_for_errors_where_there_are_no_classes(tmp_path: Path) -> None:
    small = [*steps(3, None, 2e-7), held_out("end", None, loss=1e-7)]
    large = [*steps(3, None, 3e12), held_out("end", None, loss=5e12)]
    given = found(tmp_path, {"small": [small], "large": [large]})
    header, *rows = study(given, width=100).splitlines()[:3]
    assert re.split(r" {2,}", header.strip())[:4] == ["run", "seeds", "training loss", "held-out loss"]
    assert [re.split(r" {2,}", row.strip())[:4] for row in rows] == [
        ["small", "1", "2.000e-07", "1.000e-07"],
        ["large", "1", "3.000e+12", "5.000e+12"],
    ]
    drawn = checked(given)
    assert "held-out loss" in drawn
    assert "error" not in drawn


def test_a_run_that_diverged_hides_no_other(tmp_path: Path) -> None:
    whole = [*steps(4), held_out("end", 10)]
    given = found(tmp_path, {"a": [whole, whole, steps(1)]}, diverged=("a-2",))
    assert "mean ± standard deviation over 3 seeds, without the runs that diverged" in study(given, width=100)
    drawn = checked(given)
    assert "lines: the mean of 3 seeds, without the runs that diverged; bands: the least and the most" in drawn
    alone = figure(found(tmp_path / "alone", {"a": [whole, whole]}))
    paths = re.compile(r'<path d="([^"]*)" clip-path')
    assert paths.findall(drawn) == paths.findall(alone)


def test_all_have_diverged(tmp_path: Path) -> None:
    given = found(tmp_path, {"a": [steps(1)], "b": [steps(3)]}, diverged=("a-0", "b-0"))
    TypeAdapter(StudyJson).validate_python(as_json(given))
    assert "1, 1 diverged" in study(given, width=100)
    assert "\nof one seed: no spread\n" in study(given, width=100)
    assert "one seed" in checked(given)


def test_less_than_a_window_reaches_nothing(tmp_path: Path) -> None:
    given = found(tmp_path, {"short": [[*steps(1, 8), held_out("end", 10)]], "long": [[*steps(2, 8)]]})
    assert [arm.runs[0].reached for arm in given.arms] == [None, 2]


def test_an_error_that_is_exactly_that_of_reach_counts_in_spite_of_rounding(tmp_path: Path) -> None:
    """8, 9 and 1 of 10 are wrong, whose last two are 0.5 of 20; their sum as binary fractions is a little more."""
    events = [{**step(at, 1.0, top1=right), "count": 10} for at, right in enumerate((2, 1, 9), 1)]
    (arm,) = found(tmp_path, {"tie": [events]}).arms
    assert arm.runs[0].reached == 3


def test_one_run_is_compared_with_none(tmp_path: Path) -> None:
    assert "times" not in study(found(tmp_path, {"a": [steps(3)]}), width=100)


def test_a_long_title_is_wrapped_and_long_names_leave_room(tmp_path: Path) -> None:
    names = [f"run_{number}_{'x' * 50}" for number in range(20)]
    title = "<b>&\"' $x^2$ ]]> " + "long " * 30
    drawn = checked(found(tmp_path, {name: [steps(3)] for name in names}, title=title))
    axes = re.search(r'<g id="patch_2">\s*<path d="M ([\d.]+) [\d.]+ \n?L ([\d.]+)', drawn)
    assert axes is not None
    left, right = map(float, axes.groups())
    assert right - left > 400  # points, of 576
    assert "long " * 25 not in drawn.partition("</metadata>")[2]


def test_many_runs_look_different() -> None:
    assert len({look(number) for number in range(30)}) == 30


@pytest.mark.parametrize("loss", [0.0, -2.5])
def test_losses_that_are_not_positive(tmp_path: Path, loss: float) -> None:
    given = found(tmp_path, {"a": [[*steps(3, None, loss), held_out("end", None, loss=loss)]]})
    assert f"{loss:.3f}" in study(given, width=100)
    checked(given)
