"""metrics.jsonl read back, whole, cut off and damaged."""

from __future__ import annotations

from pathlib import Path

import pytest
from recorded import held_out, step, write_run

from archc.failure import FINDING, USAGE, Failure
from archc.history.events import HeldOut, Start, Step, history, latest


def test_the_events_of_a_run(tmp_path: Path) -> None:
    run = write_run(
        tmp_path, step(1, 2.0), step(2, None, top1=0), held_out("epoch", 9), step(3, 1.0), held_out("end", 10)
    )
    found = history(run)
    assert found.name == "tiny"
    assert [(each.step, each.loss, each.rate) for each in found.steps] == [(1, 2.0, 0.5), (2, None, 0.0), (3, 1.0, 0.5)]
    assert [(at, test.event, test.rate) for at, test in found.tests] == [(2, "epoch", 0.45), (3, "end", 0.5)]


def test_of_gradients_the_later_record_of_a_step_counts(tmp_path: Path) -> None:
    def gradients(at: int, **norms: float | None) -> dict[str, object]:
        return {"event": "gradients", "seconds": 1.0, "step": at, "norms": norms}

    events = (step(1, 2.0), gradients(1, conv=0.5), gradients(2, conv=9.0), gradients(2, conv=None))
    found = history(write_run(tmp_path, *events))
    assert [(each.step, each.norms) for each in found.gradients] == [(1, {"conv": 0.5}), (2, {"conv": None})]


def test_of_steps_that_were_taken_twice_the_later_ones_count(tmp_path: Path) -> None:
    events = (step(1, 2.0), step(2, 5.0), held_out("epoch", 1), step(2, 1.5), held_out("epoch", 8), step(3, 1.0))
    found = history(write_run(tmp_path, *events))
    assert [(each.step, each.loss) for each in found.steps] == [(1, 2.0), (2, 1.5), (3, 1.0)]
    assert [(at, test.top1) for at, test in found.tests] == [(2, 8)]


def test_values_without_classes_and_records_of_an_earlier_archc_have_no_rate(tmp_path: Path) -> None:
    earlier = {key: value for key, value in step(2, 1.0).items() if key not in ("top1", "count", "waited")}
    found = history(write_run(tmp_path, step(1, 2.0, top1=None), earlier, held_out("end", None)))
    assert [each.rate for each in found.steps] == [None, None]
    assert [test.rate for _, test in found.tests] == [None]


def test_a_line_that_is_still_being_written_is_left_out(tmp_path: Path) -> None:
    run = write_run(tmp_path, step(1, 2.0), held_out("epoch", 9), tail='{"event": "step", "seco')
    assert [each.step for each in history(run).steps] == [1]
    assert latest(run, Step, "step") == history(run).steps[0]


@pytest.mark.parametrize(
    ("tail", "problem"),
    [
        ("\x00\x00\x00\n", "4 is damaged: Invalid JSON"),
        ('{"event": "step", "seconds": 1}\n', "4 is damaged: step: Field required"),
        ('{"event": "step", "seconds": 1, "step": 0, "epoch": 0, "loss": 1, "lr": 1}\n', "4 is damaged: step: Input"),
        ("[]\n", "4 is damaged"),
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, tail: str, problem: str) -> None:
    run = write_run(tmp_path, step(1, 2.0), tail=tail)
    with pytest.raises(Failure) as failure:
        history(run)
    assert failure.value.message.startswith(f"{run}/metrics.jsonl:{problem}")
    assert failure.value.code == FINDING
    lines = (run / "metrics.jsonl").read_text().split("\n")
    (run / "metrics.jsonl").write_text("\n".join([*lines[:3], *lines[4:]]))
    assert len(history(run).steps) == 1, "the help is to remove that line"


def test_an_event_of_a_later_archc_is_ignored(tmp_path: Path) -> None:
    assert len(history(write_run(tmp_path, {"event": "news", "what": 1}, step(1, 2.0))).steps) == 1


def test_what_is_not_a_run_is_wrong_usage(tmp_path: Path) -> None:
    for place, problem in (("none", "is not a folder"), (".", "is not the folder of a run that has begun")):
        with pytest.raises(Failure, match=problem) as failure:
            history(tmp_path / place)
        assert failure.value.code == USAGE
    with pytest.raises(Failure, match="has no steps yet") as failure:
        history(write_run(tmp_path))
    assert failure.value.code == FINDING


def test_the_latest_event_of_each_kind(tmp_path: Path) -> None:
    run = write_run(tmp_path, step(1, 2.0), held_out("epoch", 9), step(2, 1.0), steps=7)
    found = (
        latest(run, Start, "start"),
        latest(run, Step, "step"),
        latest(run, HeldOut, "epoch"),
        latest(run, HeldOut, "end"),
    )
    start, last, epoch, end = found
    assert start is not None and last is not None and epoch is not None
    assert (start.steps, last.step, epoch.top1, end) == (7, 2, 9, None)
    assert latest(tmp_path / "none", Step, "step") is None
