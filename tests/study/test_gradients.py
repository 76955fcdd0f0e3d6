"""The gradients of a study's runs: which steps all have, zeros, networks of other layers; in JSON, table and figure."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from recorded import Event, step, write_run

from archc.language.study import Training, read_study
from archc.report.study import number, scientific, study
from archc.report.study_json import as_json
from archc.study.figure import figure
from archc.study.gradients import merged, recorded
from archc.study.results import Results, Spread, results
from archc.study.trials import Trial

STUDY = b"""schema: archc-study/v1
name: activations
runs: {relu: {spec: a.yaml}, sigmoid: {spec: b.yaml}}
seeds: [0, 1]
train: {steps: 3, gradient_norms: 2}
"""


def gradients(at: int, **norms: float | None) -> Event:
    return {"event": "gradients", "seconds": 1.0, "step": at, "norms": norms}


def found(root: Path, *events: tuple[Event, ...]) -> Results:
    """The results of four runs: relu with two seeds, then sigmoid."""
    given, _ = read_study(STUDY, "study.yaml")
    assert given is not None
    names = [(name, seed) for name in given.runs for seed in given.seeds]
    runs = [
        write_run(root / f"{name}-{seed}", step(1, 2.0), *own) for (name, seed), own in zip(names, events, strict=True)
    ]
    trials = [
        Trial(name, seed, Path("a.yaml"), run, Training(), None) for (name, seed), run in zip(names, runs, strict=True)
    ]
    return results(given, trials)


@pytest.fixture
def two(tmp_path: Path) -> Results:
    """Of sigmoid, one run diverged after its first step, and the last layer starts from zeros."""
    return found(
        tmp_path,
        (gradients(1, conv=4.0, fc=1.0), gradients(2, conv=1.0, fc=2.0), gradients(4, conv=8.0, fc=8.0)),
        (gradients(1, conv=6.0, fc=2.0), gradients(2, conv=3.0, fc=4.0)),
        (gradients(1, conv=0.0, bn=0.5, fc=0.25), gradients(2, conv=1.0, bn=1.0, fc=1.0)),
        (gradients(1, conv=1e-9, bn=0.5, fc=0.25),),
    )


def test_the_first_and_the_last_step_that_all_runs_have(two: Results) -> None:
    relu, sigmoid = map(recorded, two.arms)
    assert [(each.step, dict(each.layers)) for each in relu] == [
        (1, {"conv": (4.0, 6.0), "fc": (1.0, 2.0)}),
        (2, {"conv": (1.0, 3.0), "fc": (2.0, 4.0)}),
    ]
    ratio = relu[0].ratio
    assert ratio and (ratio.mean, ratio.deviation) == (3.5, pytest.approx(0.5**0.5))
    assert [(each.step, dict(each.layers)) for each in sigmoid] == [
        (1, {"conv": (0.0, 1e-9), "bn": (0.5, 0.5), "fc": (0.25, 0.25)}),
    ]


def test_runs_without_them_and_unknown_values_do_not_count(tmp_path: Path) -> None:
    nothing = found(tmp_path / "none", (), (), (), ())
    assert [recorded(arm) for arm in nothing.arms] == [(), ()]
    assert "norm" not in study(nothing, width=100) and "norm" not in figure(nothing)
    assert [arm["gradients"] for arm in as_json(nothing)["runs"]] == [[], []]
    some = found(tmp_path / "some", (gradients(1, fc=None), gradients(2, fc=3.0)), (), (), ())
    assert [(each.step, dict(each.layers)) for each in recorded(some.arms[0])] == [(2, {"fc": (3.0,)})]


def test_as_json(two: Results) -> None:
    relu, sigmoid = (arm["gradients"] for arm in as_json(two)["runs"])
    assert [each["step"] for each in relu] == [1, 2]
    assert relu[1]["layers"] == [
        {"layer": "conv", "mean": 2.0, "deviation": pytest.approx(2**0.5)},
        {"layer": "fc", "mean": 3.0, "deviation": pytest.approx(2**0.5)},
    ]
    assert relu[1]["ratio"] == {"mean": 0.625, "deviation": pytest.approx(0.125 * 2**0.5)}
    assert [each["layer"] for each in sigmoid[0]["layers"]] == ["conv", "bn", "fc"]


def test_the_table_shows_whether_the_gradient_vanishes(two: Results) -> None:
    lines = study(two, width=100).splitlines()
    begin = lines.index("norms of the layers' gradients at step 1:")
    assert [re.split("  +", line) for line in lines[begin + 1 : begin + 4]] == [
        ["run", "first layer", "last layer", "first / last"],
        ["relu", "conv 5.0 ± 1.4", "fc 1.50 ± 0.71", "3.50 ± 0.71"],
        ["sigmoid", "conv (5.0 ± 7.1)e-10", "fc 0.250 ± 0.000", "(2.0 ± 2.8)e-09"],
    ]


def test_a_last_layer_with_a_gradient_of_zero_gives_no_ratio(tmp_path: Path) -> None:
    zero = (gradients(1, conv=0.0, fc=0.0),)
    dead = found(tmp_path, zero, zero, zero, zero)
    assert study(dead, width=100).count("the last is 0") == 2
    assert as_json(dead)["runs"][0]["gradients"][0]["ratio"] is None
    assert "norm of the gradient" in figure(dead)


def test_the_figure_has_a_panel_for_each_step_and_the_layers_of_all_networks(two: Results) -> None:
    drawn = figure(two)
    assert drawn == figure(two)
    for text in ("step 1", "step 2", "conv", "bn", "fc", "norm of the gradient"):
        assert f">{text}</text>" in drawn, text


def test_layers_of_several_networks_keep_their_order() -> None:
    assert merged([["a", "c", "e"], ["a", "b", "c", "d"], ["x", "e", "f"]]) == ["x", "a", "b", "c", "d", "e", "f"]
    assert merged([["a", "b"], ["b", "a"]]) == ["a", "b"]


@pytest.mark.parametrize(
    ("mean", "deviation", "decimals", "shown"),
    [
        (12.31, 0.44, 1, "12.3 ± 0.4"),
        (12.3456, 0.0312, 1, "12.35 ± 0.03"),
        (12.3456, 0.0004, 1, "12.3456 ± 0.0004"),
        (12.3456, 12.34, 1, "12 ± 12"),
        (2.3026, 0.1234, 3, "2.30 ± 0.12"),
        (12.31, 9.97, 1, "12 ± 10"),
        (12.31, 0.0997, 1, "12.3 ± 0.1"),
        (1234.4, 123.4, 0, "1,234 ± 123"),
        (12.31, 0.0, 1, "12.3 ± 0.0"),
        (12.31, 1e-15, 1, "12.3 ± 0.0"),
        (0.0, 0.0, 1, "0.0 ± 0.0"),
        (12.31, None, 1, "12.3"),
    ],
)
def test_the_digits_of_a_spread(mean: float, deviation: float | None, decimals: int, shown: str) -> None:
    assert number(Spread(mean, deviation, 2), decimals) == shown
    assert number(Spread(mean / 100, deviation and deviation / 100, 2), decimals, times=100, unit=" %") == f"{shown} %"


@pytest.mark.parametrize(
    ("spread", "shown"),
    [
        (Spread(0.0123, None, 1), "0.0123"),
        (Spread(123.4, 3.0, 2), "123 ± 3"),
        (Spread(1.23e-7, 4e-8, 2), "(1.23 ± 0.40)e-07"),
        (Spread(1.23e-7, None, 1), "1.23e-07"),
        (Spread(4.2e8, None, 1), "4.20e+08"),
        (Spread(0.0, 0.0, 2), "0.00 ± 0.00"),
        (None, ""),
    ],
)
def test_a_number_of_any_size(spread: Any, shown: str) -> None:
    assert scientific(spread) == shown
