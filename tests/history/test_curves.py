"""The curves of runs as SVG."""

from __future__ import annotations

import math
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from recorded import held_out, step, write_run

from archc.history.curves import COLOURS, curves, smoothed
from archc.history.events import History, history

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def run(tmp_path: Path, name: str, *, lr: float = 0.01, top1: int | None = 4, count: int = 30) -> History:
    steps = [step(at, 2 / at, lr=lr / (1 + 99 * (at > 20)), top1=top1) for at in range(1, count + 1)]
    return history(write_run(tmp_path / name, *steps, held_out("end", None if top1 is None else 10)))


def test_the_same_runs_give_the_same_bytes_without_a_date(tmp_path: Path) -> None:
    runs = [run(tmp_path, "first"), run(tmp_path, "second", lr=0.5)]
    drawn = curves(runs)
    assert drawn == curves(runs)
    assert not re.search(r"20\d\d-|<dc:date>", drawn)
    assert str(tmp_path) not in drawn


def test_each_run_has_its_colour_and_its_name(tmp_path: Path) -> None:
    names = ["alexnet", "_hidden", "$a_b$", "a<b&c", "網"]
    drawn = curves([run(tmp_path, name) for name in names])
    assert [text for text in texts(drawn) if text in names] == names
    for colour in COLOURS[: len(names)]:
        assert drawn.count(f"stroke: {colour}") >= 5, "loss and accuracy, each thin and thick, and the rate"
    assert COLOURS[len(names)] not in drawn


def test_two_folders_of_one_name_are_told_apart_by_their_paths(tmp_path: Path) -> None:
    drawn = texts(curves([run(tmp_path, "a/run"), run(tmp_path, "b/run")]))
    assert {f"{tmp_path}/a/run", f"{tmp_path}/b/run"} <= {*drawn}


def test_its_axes(tmp_path: Path) -> None:
    found = texts(curves([run(tmp_path, "run")]))
    assert {"loss", "top-1 accuracy, %", "learning rate", "step", "0.01", "0.0001"} <= {*found}
    assert "top-1 accuracy, %" not in texts(curves([run(tmp_path, "values", top1=None)]))


@pytest.mark.parametrize("count", [1, 2])
def test_a_run_of_few_steps_is_visible(tmp_path: Path, count: int) -> None:
    """A line through one point would not be."""
    point = f"fill: {COLOURS[0]}; stroke"
    assert point in curves([run(tmp_path, "run", count=count)])
    assert point not in curves([run(tmp_path, "long")])


def test_a_run_that_diverged_ends_in_a_cross(tmp_path: Path) -> None:
    events = [step(at, 2.0) for at in range(1, 5)]
    sound = curves([history(write_run(tmp_path / "run", *events))])
    diverged = curves([history(write_run(tmp_path / "run", *events, step(5, None, top1=0)))])
    cross = r"M -4 4\s*\n?L 4 -4"
    assert (bool(re.search(cross, sound)), bool(re.search(cross, diverged))) == (False, True)


def test_the_moving_average_does_not_lag() -> None:
    line = [(float(at), float(at)) for at in range(600)]
    assert [value for _, value in smoothed(line)][10:-10] == pytest.approx([value for _, value in line][10:-10])
    wave = [(float(at), 5.0 + (-1) ** at) for at in range(600)]
    assert all(abs(value - 5) < 0.1 for _, value in smoothed(wave))
    broken = [*line[:300], (300.0, math.nan), *line[301:]]
    found = smoothed(broken)
    assert math.isnan(found[300][1]) and all(math.isfinite(value) for at, value in found if at != 300)


def test_a_long_run_is_a_small_file(tmp_path: Path) -> None:
    long = [step(at, 2 + math.sin(at), lr=0.01 * math.cos(at / 30_000)) for at in range(1, 40_000)]
    assert len(curves([history(write_run(tmp_path / "run", *long))])) < 150_000


def test_colours_contrast_with_white() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    assert all(1.05 / (luminance(colour) + 0.05) >= 4 for colour in COLOURS)
