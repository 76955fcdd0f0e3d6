"""The lines before the first step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from archc.training.banner import Size, banner
from archc.training.job import Job, PlannedStep

Golden = Callable[[Path, str], None]
GPU = "NVIDIA H100 80GB HBM3"
PLANNED = PlannedStep(memory=1_788_000_000, least=1_000_000_000, received=3_915_008, collectives=9)


def shown(job: Job, devices: tuple[str, ...], *, steps: int = 24, examples: int = 100, held_out: int = 24) -> str:
    lines = banner(job, devices, Size(steps, examples, held_out, classes=4))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("columns", ["", "60", "30"])
def test_its_lines(job: Job, golden: Golden, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    """On a narrow terminal they fold, except the path, which can be copied."""
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.chdir(job.run.parent)
    job = job.model_copy(update={"planned": PLANNED, "run": job.run.parent / "runs" / "tiny-20261127-133142"})
    text = shown(job, (GPU, GPU))
    width = int(columns or 120)
    assert all(len(line) <= width or line.startswith("run ") for line in text.splitlines())
    assert text.isascii()
    golden(Path(__file__).parent / "golden" / f"banner.{columns or 'pipe'}.txt", text)


@pytest.mark.parametrize("rule", ["paper", "pytorch", "keras"])
def test_the_rule_of_a_framework_is_named(job: Job, rule: str) -> None:
    recipe = job.recipe.model_dump(mode="json")
    recipe["optimizer"]["sgd"]["rule"] = rule
    named = "" if rule == "paper" else f" by the rule of {rule}"
    text = shown(Job.model_validate(job.model_dump() | {"recipe": recipe}), (GPU, GPU))
    assert f"rate      0.5, sgd{named}, on_plateau\n" in text


@pytest.mark.parametrize(
    ("names", "lines"),
    [
        (("cpu",), ["device    cpu"]),
        ((GPU, "cpu"), [f"devices   rank 0: {GPU}", "          rank 1: cpu"]),
        ((GPU, GPU, "cpu"), [f"devices   ranks 0 and 1: {GPU}", "          rank 2: cpu"]),
        (("cpu",) * 1024, ["devices   ranks 0 to 1023: cpu"]),
    ],
)
def test_the_devices_by_rank(job: Job, names: tuple[str, ...], lines: list[str]) -> None:
    found = shown(job.model_copy(update={"devices": len(names)}), names).splitlines()
    assert found[1 : 1 + len(lines)] == lines


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        ({"devices": 1}, "batch     8 pictures"),
        ({"devices": 3}, "batch     8 pictures, 2 or 3 per device"),
        ({"reads": "all"}, "batch     8 pictures on each of 2 devices"),
        (
            {"built_in": True},
            "data      built-in: 100 training and 24 held-out pictures in 4 classes; the network has 5 outputs",
        ),
        ({"built_in": False, "pictures": Path("/some/data")}, "from      /some/data"),
        (
            {"fast_dev_run": True},
            "trial     fast dev run: two steps of everything on few examples; its weights have learnt nothing",
        ),
        ({"overfit_batches": 1}, "trial     the same 1 batch again and again, without augmentation"),
    ],
)
def test_lines_of_other_runs(job: Job, facts: dict[str, object], line: str) -> None:
    assert line in shown(job.model_copy(update=facts), ("cpu",) * 3).splitlines()


@pytest.mark.parametrize(
    ("steps", "epochs"), [(12, "1 epoch of 12"), (1, "0.0833 epochs of 12"), (2400, "200 epochs of 12")]
)
def test_the_epochs(job: Job, steps: int, epochs: str) -> None:
    assert f"steps     {steps:,} in {epochs}" in shown(job, ("cpu",), steps=steps).splitlines()


def test_a_name_cannot_control_the_terminal(job: Job) -> None:
    assert "\x1b" not in shown(job.model_copy(update={"name": "a\x1b[31m", "run": Path("/b\x1b[31m")}), ("c\x1b[31m",))
